import { ArgsType, Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { Node } from "../graphql/node.types.js";
import { connectionTypes, PageArgs } from "../graphql/pagination.js";
import {
  GraphQLDateTime,
  GraphQLEquipmentPath,
  GraphQLMetricValue,
  GraphQLSafeInt,
} from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";
import type { MaintenanceKind } from "../maintenance/maintenance.js";
import { MaintenanceKindEnum } from "../maintenance/maintenance.types.js";
import { ALARM_SEVERITIES, type AlarmCondition, type AlarmSeverity } from "../plant/alarm-rule.js";
import { Machine } from "../twin/twin.types.js";
import { ALARM_EVENT_KINDS, type AlarmEventKind } from "./alarm.js";

const AlarmSeverityEnum = enumOf(ALARM_SEVERITIES);
registerEnumType(AlarmSeverityEnum, {
  name: "AlarmSeverity",
  description: "How serious an alarm is.",
  valuesConfig: {
    CRITICAL: { description: "People or the machine are in danger: at once." },
    MAJOR: { description: "Production stops, or soon will." },
    MINOR: { description: "Something is broken that production can do without for now." },
    WARNING: { description: "Something is not as it should be." },
    INFO: { description: "Good to know." },
  },
});

const AlarmKindEnum = enumOf(["LIMIT", "RATE", "DEVIATION", "STATE", "FAULT", "OFFLINE"]);
registerEnumType(AlarmKindEnum, {
  name: "AlarmKind",
  description: "What an alarm's rule looks at.",
  valuesConfig: {
    LIMIT: { description: "A value is above or below a limit." },
    RATE: { description: "A value rises or falls too fast." },
    DEVIATION: { description: "A value is too far from its setpoint, or from its own mean." },
    STATE: { description: "The machine is in a state for too long." },
    FAULT: { description: "The device tells of a fault." },
    OFFLINE: { description: "The machine is offline." },
  },
});

const AlarmEventKindEnum = enumOf(ALARM_EVENT_KINDS);
registerEnumType(AlarmEventKindEnum, {
  name: "AlarmEventKind",
  description: "What happened to an alarm.",
  valuesConfig: {
    RAISED: { description: "Its condition has held for as long as the rule says." },
    REPEATED: {
      description: "Its condition came back before the alarm was over; all repeats are one event.",
    },
    CLEARED: { description: "Its condition is gone; all times that it was cleared are one event." },
    ACKNOWLEDGED: { description: "Someone has seen it." },
    SHELVED: { description: "Someone has hidden it for a while." },
    UNSHELVED: { description: "It is shown again: someone said so, or the time was over." },
  },
});

@ObjectType({ description: "What happened to an alarm, when, and by whom.", simpleResolvers: true })
export class AlarmEvent {
  @Field(() => AlarmEventKindEnum, { description: "What happened." })
  kind!: AlarmEventKind;

  @Field(() => GraphQLDateTime, {
    description: "When, by the device's clock where a device told it; the last time where it happened often.",
  })
  at!: Date;

  @Field(() => Int, { description: "How often; more than once for REPEATED and CLEARED only." })
  count!: number;

  @Field(() => String, { nullable: true, description: "Who did it; null where nobody did." })
  by!: string | null;

  @Field(() => String, { nullable: true, description: "What was said with it." })
  comment!: string | null;
}

@ObjectType({
  description: "An alarm that is hidden for a while: it neither notifies nor opens maintenance orders.",
})
export class AlarmShelf {
  @Field(() => Machine, { description: "The machine whose alarm it is." })
  machine?: object;

  @Field(() => String, { description: "The alarm's code." })
  code!: string;

  @Field(() => GraphQLDateTime, { description: "It ends by itself at this moment." })
  until!: Date;

  @Field(() => String, { description: "Why the alarm is hidden." })
  reason!: string;

  @Field(() => String, { description: "Who has hidden it." })
  by!: string;

  @Field(() => GraphQLDateTime, { description: "When it was hidden." })
  at!: Date;
}

@ObjectType({
  description:
    "An alarm of a machine (ISA-18.2), from when it is raised until it is both cleared and acknowledged. What raises it again until then is counted in it.",
  implements: [Node],
})
export class Alarm {
  id!: string;

  @Field(() => Machine, { description: "The machine that it is about." })
  machine?: object;

  @Field(() => String, { description: "Which alarm of the machine it is, as the machine type names it." })
  code!: string;

  @Field(() => AlarmSeverityEnum, { description: "How serious it is." })
  severity!: AlarmSeverity;

  @Field(() => String, { description: "What is wrong, as it was when it was last raised." })
  message!: string;

  @Field(() => String, {
    nullable: true,
    description: "The metric that it is about; null where it is about none.",
  })
  metric!: string | null;

  @Field(() => GraphQLMetricValue, {
    nullable: true,
    description: "What raised it last: the value, the change of it, or the state.",
  })
  value!: unknown;

  @Field(() => Float, { nullable: true, description: "The limit that was passed; null where it has none." })
  limit!: number | null;

  @Field(() => Boolean, { description: "Whether its condition still holds." })
  active!: boolean;

  @Field(() => Boolean, { description: "Whether someone has said that they have seen it." })
  acknowledged!: boolean;

  @Field(() => GraphQLDateTime, { description: "When it was first raised, by the device's clock." })
  raisedAt!: Date;

  @Field(() => GraphQLDateTime, { description: "When it was last raised, by the device's clock." })
  lastRaisedAt!: Date;

  @Field(() => Int, { description: "How often it was raised before it was over." })
  occurrences!: number;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "When it was last cleared, by the device's clock; null while it is active.",
  })
  clearedAt!: Date | null;

  @Field(() => String, { nullable: true, description: "Who has acknowledged it." })
  acknowledgedBy!: string | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it was acknowledged." })
  acknowledgedAt!: Date | null;

  @Field(() => String, { nullable: true, description: "What was said when it was acknowledged." })
  comment!: string | null;

  @Field(() => Boolean, { description: "Whether it is hidden for a while." })
  shelved!: boolean;

  @Field(() => AlarmShelf, {
    nullable: true,
    description: "Until when and why it is hidden; null where it is not.",
  })
  shelf!: object | null;

  @Field(() => [AlarmEvent], { description: "What happened to it, by time." })
  events?: object[];
}

export const { Connection: AlarmConnection } = connectionTypes("Alarm", () => Alarm);

@ObjectType({ description: "An alarm that machines of a type can have.", simpleResolvers: true })
export class AlarmDefinition {
  @Field(() => String, { description: "Unique within the machine type." })
  code!: string;

  @Field(() => AlarmKindEnum, { description: "What its rule looks at." })
  kind!: AlarmCondition["kind"];

  @Field(() => AlarmSeverityEnum, { description: "How serious it is." })
  severity!: AlarmSeverity;

  @Field(() => String, {
    description: "The message, with {machine}, {value}, {limit} and others to be filled in.",
  })
  message!: string;

  @Field(() => String, {
    nullable: true,
    description: "The metric that it is about; null where it is about none.",
  })
  metric!: string | null;

  @Field(() => Float, {
    nullable: true,
    description: "It is raised above this; for DEVIATION, at a distance above it.",
  })
  above!: number | null;

  @Field(() => Float, { nullable: true, description: "It is raised below this." })
  below!: number | null;

  @Field(() => Float, { description: "How far the value must come back until the alarm is cleared." })
  hysteresis!: number;

  @Field(() => [String], {
    nullable: true,
    description: "The PackML states that it is about; null where it is about none.",
  })
  states!: readonly string[] | null;

  @Field(() => GraphQLSafeInt, {
    description: "So long the condition must hold until it is raised, in milliseconds.",
  })
  delayMs!: number;

  @Field(() => GraphQLSafeInt, {
    description: "So long it must be gone until it is cleared, in milliseconds.",
  })
  clearDelayMs!: number;

  @Field(() => MaintenanceKindEnum, {
    nullable: true,
    description: "The kind of maintenance order that it opens; null: it opens none.",
  })
  opensMaintenance!: MaintenanceKind | null;
}

@ArgsType()
export class AlarmsArgs extends PageArgs {
  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description: "Only alarms of machines at or below this path.",
  })
  under?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: true,
    description: "True: only those whose condition holds; false: only the others; null: all.",
  })
  active?: boolean | null;

  @Field(() => [AlarmSeverityEnum], { nullable: true, description: "Only alarms of one of these." })
  severity?: AlarmSeverity[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True: only acknowledged ones; false: only the others; left out: both.",
  })
  acknowledged?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True: only those that are hidden now; false: only the others; left out: both.",
  })
  shelved?: boolean | null;

  @Field(() => String, { nullable: true, description: "Only alarms of this code." })
  code?: string | null;
}

@ArgsType()
export class AlarmChangedArgs {
  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description: "Only alarms of machines at or below this path.",
  })
  under?: string | null;
}

@InputType({ description: "Alarms that someone has seen." })
export class AcknowledgeAlarmsInput {
  @Field(() => [ID], { description: "Their ids; none stands twice." })
  ids!: string[];

  @Field(() => String, { nullable: true, description: "Kept with each of them." })
  comment?: string | null;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@InputType({
  description: "An alarm to be hidden for a while: a raised one by its id, or any by machine and code.",
})
export class ShelveAlarmInput {
  @Field(() => ID, { nullable: true, description: "An alarm that is raised, or not yet acknowledged." })
  id?: string | null;

  @Field(() => GraphQLEquipmentPath, { nullable: true, description: "With code, instead of id." })
  machine?: string | null;

  @Field(() => String, { nullable: true, description: "With machine, instead of id." })
  code?: string | null;

  @Field(() => GraphQLDateTime, { description: "It is shown again from then on; within the next 90 days." })
  until!: Date;

  @Field(() => String, { description: "Why it is hidden." })
  reason!: string;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@InputType({ description: "An alarm to be shown again: a raised one by its id, or any by machine and code." })
export class UnshelveAlarmInput {
  @Field(() => ID, { nullable: true, description: "An alarm that is raised, or not yet acknowledged." })
  id?: string | null;

  @Field(() => GraphQLEquipmentPath, { nullable: true, description: "With code, instead of id." })
  machine?: string | null;

  @Field(() => String, { nullable: true, description: "With machine, instead of id." })
  code?: string | null;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@ObjectType({ description: "What became of an alarm." })
export class AlarmPayload {
  @Field(() => Alarm, { nullable: true, description: "The alarm; null when nothing was done." })
  alarm!: object | null;

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}

@ObjectType({ description: "What became of each alarm, in the order of the ids." })
export class AcknowledgeAlarmsPayload {
  @Field(() => [AlarmPayload], {
    description: "One for each id: one that cannot be acknowledged does not stop the others.",
  })
  results!: object[];
}

@ObjectType({ description: "What became of an alarm's shelf." })
export class AlarmShelfPayload {
  @Field(() => Alarm, { nullable: true, description: "The alarm, where it is raised." })
  alarm!: object | null;

  @Field(() => AlarmShelf, { nullable: true, description: "How it is hidden; null when it is not." })
  shelf!: object | null;

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}
