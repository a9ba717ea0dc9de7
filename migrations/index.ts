import { Initial1764000000000 } from "./1764000000000-initial.js";
import { HistorySegments1764500000000 } from "./1764500000000-history-segments.js";
import { Desired1764700000000 } from "./1764700000000-desired.js";
import { CommandPolicies1764800000000 } from "./1764800000000-command-policies.js";
import { SourcesAtRuntime1765000000000 } from "./1765000000000-sources-at-runtime.js";
import { Sparkplug1765100000000 } from "./1765100000000-sparkplug.js";
import { SeriesHints1765200000000 } from "./1765200000000-series-hints.js";
import { Activity1765300000000 } from "./1765300000000-activity.js";
import { Calendar1765310000000 } from "./1765310000000-calendar.js";
import { Downtime1765320000000 } from "./1765320000000-downtime.js";
import { MaintenancePlans1765340000000 } from "./1765340000000-maintenance-plans.js";
import { Alarms1765350000000 } from "./1765350000000-alarms.js";
import { OrderEvents1765360000000 } from "./1765360000000-order-events.js";
import { Genealogy1765370000000 } from "./1765370000000-genealogy.js";
import { MaintenanceBooked1765404000000 } from "./1765404000000-maintenance-booked.js";
import { AlarmOrders1765408000000 } from "./1765408000000-alarm-orders.js";

/** All migrations, oldest first. A landed one is never edited: add a new one. */
export const migrations = [
  Initial1764000000000,
  HistorySegments1764500000000,
  Desired1764700000000,
  CommandPolicies1764800000000,
  SourcesAtRuntime1765000000000,
  Sparkplug1765100000000,
  SeriesHints1765200000000,
  Activity1765300000000,
  Calendar1765310000000,
  Downtime1765320000000,
  MaintenancePlans1765340000000,
  Alarms1765350000000,
  OrderEvents1765360000000,
  Genealogy1765370000000,
  MaintenanceBooked1765404000000,
  AlarmOrders1765408000000,
];
