import "reflect-metadata";
import { Database } from "../../src/db/database.js";
import type { Clock } from "../../src/kernel/clock.js";
import { LiveBus } from "../../src/live/live-bus.js";
import { FiguresService } from "../../src/maintenance/figures.service.js";
import { FiguresStore } from "../../src/maintenance/figures.store.js";
import {
  MaintenanceCommentEntity,
  MaintenanceOrderEntity,
} from "../../src/maintenance/maintenance.entity.js";
import { MaintenanceService } from "../../src/maintenance/maintenance.service.js";
import { MaintenanceStore } from "../../src/maintenance/maintenance.store.js";
import { MaintenanceRecords } from "../../src/maintenance/maintenance-records.service.js";
import { MaintenanceRecordsStore } from "../../src/maintenance/maintenance-records.store.js";
import { MaintenanceWatch } from "../../src/maintenance/maintenance-watch.service.js";
import { MetricSamples } from "../../src/maintenance/metric-samples.service.js";
import { type NewPlan, PlanService } from "../../src/maintenance/plan.service.js";
import { PlanStore } from "../../src/maintenance/plan.store.js";
import { PlanOrderService } from "../../src/maintenance/plan-order.service.js";
import { PlanWatch } from "../../src/maintenance/plan-watch.service.js";
import { EquipmentEntity, MachineTypeEntity } from "../../src/plant/plant.entity.js";
import { PlantService } from "../../src/plant/plant.service.js";
import { PlantStore } from "../../src/plant/plant.store.js";
import { TwinService } from "../../src/twin/twin.service.js";
import { TwinStore } from "../../src/twin/twin.store.js";
import { createTestDatabase } from "./database.js";
import { historyOf } from "./history.js";
import { silentLogger } from "./silent-logger.js";

const ENTITIES = [EquipmentEntity, MachineTypeEntity, MaintenanceOrderEntity, MaintenanceCommentEntity];

/** Maintenance of one server; several share a database and a clock of the test's. */
export type MaintenanceServer = Awaited<ReturnType<typeof serverOn>>;

/** The machines are plant/m1 to m3; each has the counter hours. Berlin's clock hangs on the wall. */
export async function startMaintenanceServers(count: number) {
  const database = await createTestDatabase();
  const time = { now: Date.parse("2026-03-01T08:00:00Z") };
  const clock: Clock = { now: () => time.now };
  const servers: MaintenanceServer[] = [];
  for (let index = 0; index < count; index += 1) servers.push(await serverOn(database.url, clock));
  return {
    servers,
    time,
    url: database.url,
    /** The rows of one statement. */
    async rows<Row>(statement: string, values: readonly unknown[] = []): Promise<Row[]> {
      return (await servers[0]?.db.query<Row>(statement, values)) ?? [];
    },
    async stop(): Promise<void> {
      for (const { db } of servers) await db.stop();
      await database.drop();
    },
  };
}

async function serverOn(url: string, clock: Clock) {
  const db = new Database({ url, entities: ENTITIES, logger: silentLogger });
  await db.start();
  const plants = new PlantService({ store: new PlantStore(db), db, logger: silentLogger });
  await plants.load();
  await plants.apply({
    machineTypes: [
      {
        ...{ name: "pump", appliesTo: [], staleAfter: 60_000, commands: [] },
        metrics: [
          { name: "hours", type: "Double", role: "OPERATING_HOURS", writable: false },
          { name: "program", type: "String", writable: false },
        ],
      },
    ],
    equipment: ["m1", "m2", "m3"].map((name) => ({ path: `plant/${name}`, type: "pump" })),
    sources: [],
  });
  const { plant } = plants;
  const { history, ranges } = historyOf(db);
  const twins = new TwinService({ plant, store: new TwinStore(db), history, clock, run: "test" });
  const live = new LiveBus();
  const store = new MaintenanceStore(db);
  const maintenance = new MaintenanceService({ store, db, plant, live, clock });
  const records = new MaintenanceRecords({
    store: new MaintenanceRecordsStore(db),
    orders: store,
    maintenance,
  });
  const planStore = new PlanStore(db);
  const zones = { zoneOf: () => "Europe/Berlin" };
  const plans = new PlanService({ store: planStore, db, plant, twins, zones, clock });
  const orders = new PlanOrderService({ store: planStore, maintenance, db, plant, zones, clock });
  const parts = { store: planStore, orders, clock, logger: silentLogger };
  const samples = new MetricSamples({ ranges, twins });
  const watch = new PlanWatch({ ...parts, samples, twins, sources: { held: () => [] } });
  return {
    ...{ db, plant, live, maintenance, records, plans },
    figures: new FiguresService({ store: new FiguresStore(db), plant, clock }),
    watch: new MaintenanceWatch({ ...parts, maintenance, watch }),
  };
}

export const TESTER = { principal: "tester", idempotencyKey: null };

/** A plan that says only what it must, due every month from 1 April, 07:00 in Berlin. */
export function planInput(more: Partial<NewPlan> = {}): NewPlan {
  return {
    ...{ name: "Grease", machine: "plant/m1", kind: "PREVENTIVE", title: null, description: null },
    ...{ priority: 50, lockout: false, dueWithin: null, estimatedMinutes: null, allowSeveral: false },
    ...{ checklist: [], parts: [], usage: null, condition: null },
    calendar: {
      ...{ every: "P1M", firstDueAt: new Date("2026-04-01T05:00:00Z"), timeZone: null, leadTime: null },
    },
    ...more,
  };
}
