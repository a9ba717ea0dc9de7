import { globalId } from "../kernel/ids.js";
import type { AlarmRule } from "../plant/alarm-rule.js";
import type { MachineType } from "../plant/machine-type.js";
import type { Shelf, ShownAlarm } from "./alarm.js";
import { conditionsOf } from "./condition.js";

/** A row as the API's objects are made of it: `key` is the row's id, `id` the global one. */
export interface AlarmValue extends Omit<ShownAlarm, "shelf"> {
  readonly __typename: "Alarm";
  readonly key: string;
  readonly acknowledged: boolean;
  readonly shelved: boolean;
  readonly shelf: Shelf | null;
}

export function alarmValue({ shelf, ...row }: ShownAlarm): AlarmValue {
  const { machineId, code } = row;
  return {
    ...row,
    __typename: "Alarm",
    key: row.id,
    id: globalId("Alarm", row.id),
    acknowledged: row.acknowledgedAt !== null,
    shelved: shelf !== null,
    shelf: shelf && { ...shelf, machineId, code },
  };
}

/** The alarms that machines of a type can have, as the API shows them. */
export function definitionsOf(type: Pick<MachineType, "alarms" | "metrics">): object[] {
  return conditionsOf(type).map(({ code, severity, template, rule, metrics }) => ({
    ...{ code, severity, message: template, metric: metrics[0] ?? null },
    ...boundsOf(rule),
    kind: rule.condition.kind,
    states: rule.condition.kind === "STATE" ? rule.condition.states : null,
    delayMs: rule.delayMs,
    clearDelayMs: rule.clearDelayMs,
    opensMaintenance: rule.opensMaintenance?.kind ?? null,
  }));
}

function boundsOf({ condition }: AlarmRule): {
  above: number | null;
  below: number | null;
  hysteresis: number;
} {
  switch (condition.kind) {
    case "LIMIT":
    case "RATE":
      return { above: condition.above, below: condition.below, hysteresis: condition.hysteresis };
    case "DEVIATION":
      return { above: condition.above, below: null, hysteresis: condition.hysteresis };
    default:
      return { above: null, below: null, hysteresis: 0 };
  }
}
