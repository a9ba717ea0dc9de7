import {
  createUnionType,
  Field,
  Float,
  ID,
  InputType,
  Int,
  ObjectType,
  registerEnumType,
} from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { Node } from "../graphql/node.types.js";
import { GraphQLDateTime, GraphQLEquipmentPath } from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";
import { Machine } from "../twin/twin.types.js";
import { COMPARISON_OPERATORS, type ComparisonOperator } from "./condition-trigger.js";
import type { MaintenanceKind } from "./maintenance.js";
import { MaintenanceKindEnum, MaintenanceOrder } from "./maintenance.types.js";
import { MaintenanceChecklistItemInput, MaintenancePartInput } from "./maintenance-details.types.js";

const ComparisonOperatorEnum = enumOf(COMPARISON_OPERATORS);
registerEnumType(ComparisonOperatorEnum, {
  name: "ComparisonOperator",
  description: "How a value is compared with a threshold.",
  valuesConfig: {
    GT: { description: "Greater than it." },
    GTE: { description: "Greater than it or equal." },
    LT: { description: "Less than it." },
    LTE: { description: "Less than it or equal." },
    EQ: { description: "Equal to it." },
    NEQ: { description: "Not equal to it." },
  },
});

@ObjectType({ description: "Due at a date and every so often after it.", simpleResolvers: true })
export class CalendarTrigger {
  @Field(() => String, { description: "ISO 8601 duration, such as P1M or PT12H." })
  every!: string;

  @Field(() => GraphQLDateTime, { description: "The first due time, from which all others are worked out." })
  firstDueAt!: Date;

  @Field(() => String, { description: "Whose days, and changes of the clock, count, such as Europe/Berlin." })
  timeZone!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "How long before they are due orders are made, as ISO 8601 duration; null: when they are due.",
  })
  leadTime!: string | null;
}

@ObjectType({ description: "Due each time a counter has grown by so much.", simpleResolvers: true })
export class UsageTrigger {
  @Field(() => String, { description: "The counter." })
  metric!: string;

  @Field(() => Float, { description: "The growth, in the metric's unit." })
  every!: number;
}

@ObjectType({ description: "Due once when a metric meets a condition for so long.", simpleResolvers: true })
export class ConditionTrigger {
  @Field(() => String, { description: "The metric." })
  metric!: string;

  @Field(() => ComparisonOperatorEnum, { description: "How its value is compared." })
  operator!: ComparisonOperator;

  @Field(() => Float, { description: "With what." })
  threshold!: number;

  @Field(() => Int, { description: "How long without a break, in milliseconds." })
  forMs!: number;

  @Field(() => Float, {
    description: "How far beyond the threshold the value must be back before the plan can be due again.",
  })
  hysteresis!: number;
}

const MaintenanceTrigger = createUnionType({
  name: "MaintenanceTrigger",
  description: "What makes a maintenance plan due.",
  types: () => [CalendarTrigger, UsageTrigger, ConditionTrigger] as const,
  resolveType: (value) => {
    if ("threshold" in value) return "ConditionTrigger";
    return "metric" in value ? "UsageTrigger" : "CalendarTrigger";
  },
});

@ObjectType({ description: "A checklist item of the orders that a plan makes.", simpleResolvers: true })
export class MaintenancePlanItem {
  @Field(() => String, { description: "What is to be done." })
  text!: string;

  @Field(() => Boolean, { description: "Orders cannot be completed before it is done." })
  required!: boolean;
}

@ObjectType({ description: "A part for the orders that a plan makes.", simpleResolvers: true })
export class MaintenancePlanPart {
  @Field(() => String, { description: "Its number in the store." })
  partNumber!: string;

  @Field(() => String, { nullable: true, description: "What it is." })
  name!: string | null;

  @Field(() => Float, { description: "How many." })
  quantity!: number;

  @Field(() => String, { description: "The unit of the quantity." })
  unit!: string;
}

@ObjectType({ description: "Makes maintenance orders of a machine by itself.", implements: [Node] })
export class MaintenancePlan {
  id!: string;

  @Field(() => String, { description: "For people." })
  name!: string;

  @Field(() => Machine, { description: "The machine that it is about." })
  machine?: object;

  @Field(() => MaintenanceKindEnum, { description: "The kind of its orders." })
  kind!: MaintenanceKind;

  @Field(() => MaintenanceTrigger, { description: "What makes it due." })
  trigger?: object;

  @Field(() => Boolean, { description: "Whether it makes orders." })
  active!: boolean;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "When it is due next: exact for a calendar; for usage a forecast from the growth so far; null for conditions, and while it is not active.",
  })
  nextDueAt?: Date | null;

  @Field(() => Float, {
    nullable: true,
    description: "Usage: how much the counter has grown since the last due point, up to a few seconds ago.",
  })
  used?: number | null;

  @Field(() => Int, { description: "How often it was due so far." })
  occurrences?: number;

  @Field(() => Int, {
    description:
      "How often it was due since its last order and made none, because that order was still open.",
  })
  skipped?: number;

  @Field(() => String, { nullable: true, description: "The title of its orders; null: its name." })
  title!: string | null;

  @Field(() => String, { nullable: true, description: "What is to be done, at length." })
  description!: string | null;

  @Field(() => Int, { description: "The priority of its orders." })
  priority!: number;

  @Field(() => Boolean, {
    description: "Whether its orders lock the machine out while they are in progress.",
  })
  lockout!: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      "How long after it is due its orders must be done, as ISO 8601 duration; null: with a calendar until the next one is due, otherwise no limit.",
  })
  dueWithin!: string | null;

  @Field(() => Float, { nullable: true, description: "Expected minutes of work of an order." })
  estimatedMinutes!: number | null;

  @Field(() => Boolean, { description: "Whether it makes an order also while one of its orders is open." })
  allowSeveral!: boolean;

  @Field(() => [MaintenancePlanItem], { description: "The checklist of its orders." })
  checklist!: readonly object[];

  @Field(() => [MaintenancePlanPart], { description: "The parts that its orders need." })
  parts!: readonly object[];

  @Field(() => Int, { description: "Grows by one with every change of it; for expectedVersion." })
  version!: number;

  @Field(() => String, { description: "Who made it." })
  createdBy!: string;

  @Field(() => GraphQLDateTime, { description: "When it was made." })
  createdAt!: Date;

  @Field(() => [MaintenanceOrder], { description: "Its newest orders, newest first." })
  orders?: object[];
}

@InputType({ description: "Due at a date and every so often after it." })
export class CalendarTriggerInput {
  @Field(() => String, {
    description:
      "ISO 8601 duration, such as P1M, P2W or PT12H. Days and longer keep the time of day, hours and shorter are exact.",
  })
  every!: string;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "The first due time; one in the past only sets the rhythm. One period from now when left out.",
  })
  firstDueAt?: Date | null;

  @Field(() => String, {
    nullable: true,
    description: "Such as Europe/Berlin; that of the machine's calendar, or UTC, when left out.",
  })
  timeZone?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "How long before they are due orders are made, as ISO 8601 duration.",
  })
  leadTime?: string | null;
}

@InputType({ description: "Due each time a counter has grown by so much." })
export class UsageTriggerInput {
  @Field(() => String, { description: "A numeric metric of the machine that counts up." })
  metric!: string;

  @Field(() => Float, { description: "The growth, in the metric's unit; above 0." })
  every!: number;

  @Field(() => Float, { nullable: true, description: "How much of the present interval is used up already." })
  alreadyUsed?: number | null;
}

@InputType({ description: "Due once when a metric meets a condition for so long." })
export class ConditionTriggerInput {
  @Field(() => String, { description: "A numeric or Boolean metric of the machine; true is 1." })
  metric!: string;

  @Field(() => ComparisonOperatorEnum, { description: "How its value is compared." })
  operator!: ComparisonOperator;

  @Field(() => Float, { description: "With what." })
  threshold!: number;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 0,
    description: "How long without a break, in milliseconds.",
  })
  forMs?: number | null;

  @Field(() => Float, {
    nullable: true,
    defaultValue: 0,
    description: "How far beyond the threshold the value must be back before the plan can be due again.",
  })
  hysteresis?: number | null;
}

@InputType({ description: "What plans say, besides machine and name." })
abstract class PlanInput {
  @Field(() => CalendarTriggerInput, { nullable: true, description: "Due by the calendar." })
  calendar?: CalendarTriggerInput | null;

  @Field(() => UsageTriggerInput, { nullable: true, description: "Due by usage." })
  usage?: UsageTriggerInput | null;

  @Field(() => ConditionTriggerInput, { nullable: true, description: "Due by condition." })
  condition?: ConditionTriggerInput | null;

  @Field(() => String, { nullable: true, description: "The title of its orders; its name when left out." })
  title?: string | null;

  @Field(() => String, { nullable: true, description: "What is to be done, at length." })
  description?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: "The priority of its orders, 0 to 1,000; 50 for a new plan.",
  })
  priority?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether its orders lock the machine out while they are in progress; not for a new plan.",
  })
  lockout?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: "How long after it is due its orders must be done, as ISO 8601 duration.",
  })
  dueWithin?: string | null;

  @Field(() => Float, { nullable: true, description: "Expected minutes of work of an order." })
  estimatedMinutes?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether it makes an order also while one of its orders is open; not for a new plan.",
  })
  allowSeveral?: boolean | null;

  @Field(() => [MaintenanceChecklistItemInput], {
    nullable: true,
    description: "The checklist of its orders.",
  })
  checklist?: MaintenanceChecklistItemInput[] | null;

  @Field(() => [MaintenancePartInput], { nullable: true, description: "The parts that its orders need." })
  parts?: MaintenancePartInput[] | null;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@InputType({
  description: "A maintenance plan to be made, with exactly one of calendar, usage and condition.",
})
export class CreateMaintenancePlanInput extends PlanInput {
  @Field(() => String, { description: "For people." })
  name!: string;

  @Field(() => GraphQLEquipmentPath, { description: "The machine that it is about." })
  machine!: string;

  @Field(() => MaintenanceKindEnum, {
    nullable: true,
    defaultValue: "PREVENTIVE",
    description: "The kind of its orders.",
  })
  kind?: MaintenanceKind | null;
}

@InputType({
  description:
    "Changes of a maintenance plan. What is left out stays as it is; of calendar, usage and condition at most one.",
})
export class UpdateMaintenancePlanInput extends PlanInput {
  @Field(() => ID, { description: "The plan." })
  id!: string;

  @Field(() => Int, { nullable: true, description: "Refuse unless the plan is still at this version." })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: "For people." })
  name?: string | null;

  @Field(() => MaintenanceKindEnum, { nullable: true, description: "The kind of its orders." })
  kind?: MaintenanceKind | null;
}

@InputType({ description: "A maintenance plan to be activated or deactivated." })
export class SetMaintenancePlanActiveInput {
  @Field(() => ID, { description: "The plan." })
  id!: string;

  @Field(() => Boolean, { description: "Whether it is to make orders." })
  active!: boolean;

  @Field(() => Int, { nullable: true, description: "Refuse unless the plan is still at this version." })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@ObjectType({ description: "What became of a maintenance plan." })
export class MaintenancePlanPayload {
  @Field(() => MaintenancePlan, { nullable: true, description: "The plan; null when nothing was done." })
  plan!: object | null;

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}
