import { Field, Float, InputType, Int } from "type-graphql";
import { GraphQLDateTime, GraphQLEquipmentPath } from "../graphql/scalars.js";
import { IdempotencyKeyField, OfOperationInput, SystemField } from "./caller-input.types.js";
import type { CountingSource, OperationCompletion } from "./operation.js";
import { CountingSourceEnum, OperationCompletionEnum } from "./order.types.js";

@InputType({ description: "A step of an order that is sent." })
export class OperationInput {
  @Field(() => Int, {
    description: "Its place among the order's steps, 1 to 99,999; unique within the order.",
  })
  sequence!: number;

  @Field(() => String, { description: "What is done." })
  name!: string;

  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description: "Where it is planned; its start may name another machine.",
  })
  machine?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      "Whether it may start once the operation before it has started, and not only when all before it are completed.",
  })
  overlap?: boolean | null;

  @Field(() => Float, {
    nullable: true,
    description: "The time of one unit at full speed, in milliseconds; above 0, at most 30 days.",
  })
  idealCycleTimeMs?: number | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it is to begin." })
  plannedStart?: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it is to end." })
  plannedEnd?: Date | null;

  @Field(() => CountingSourceEnum, {
    nullable: true,
    defaultValue: "MACHINE",
    description: "Who counts its pieces.",
  })
  countingSource?: CountingSource | null;

  @Field(() => OperationCompletionEnum, {
    nullable: true,
    defaultValue: "QUANTITY",
    description: "What completes it.",
  })
  completion?: OperationCompletion | null;
}

@InputType({
  description: "An order that is sent, whole: what is left out is taken away or set to its default.",
})
export class OrderInput {
  @Field(() => String, { description: "The key that it has in the ERP system." })
  number!: string;

  @Field(() => String, { description: "What is made." })
  product!: string;

  @Field(() => Float, { description: "How much is to be made; above 0, at most 1,000,000,000,000." })
  quantity!: number;

  @Field(() => String, {
    nullable: true,
    defaultValue: "pcs",
    description: "The unit of all its quantities.",
  })
  unit?: string | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it must be done." })
  dueAt?: Date | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 50,
    description: "The higher, the more urgent; 0 to 1,000.",
  })
  priority?: number | null;

  @Field(() => [OperationInput], { description: "Its steps, one at least." })
  operations!: OperationInput[];

  @Field(() => Int, { nullable: true, description: "Refuse unless the order is still at this version." })
  expectedVersion?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: "Releases the order too, if it is CREATED; no effect on one that is further.",
  })
  release?: boolean | null;
}

@InputType({ description: "Orders to be made, or changed by their numbers." })
export class UpsertOrdersInput {
  @Field(() => [OrderInput], { description: "The orders, each number once." })
  orders!: OrderInput[];

  @Field(() => String, {
    nullable: true,
    description: "The system that sends them, such as the ERP system's name; kept with what happens.",
  })
  system?: string | null;

  @IdempotencyKeyField
  idempotencyKey?: string | null;
}

@InputType({ description: "An order that something is to be done to." })
export class OrderActionInput {
  @Field(() => String, { description: "The order's number." })
  number!: string;

  @Field(() => Int, { nullable: true, description: "Refuse unless the order is still at this version." })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: "Why; kept as the order's statusReason." })
  reason?: string | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "When it happened, for what is told afterwards; now when left out. Not in the future, nor before the step before it.",
  })
  at?: Date | null;

  @SystemField("what happens")
  system?: string | null;

  @IdempotencyKeyField
  idempotencyKey?: string | null;
}

@InputType({ description: "An operation that something is to be done to." })
export class OperationActionInput extends OfOperationInput {
  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description:
      "For a start: the machine, when it is not the planned one. Otherwise it must be the operation's.",
  })
  machine?: string | null;

  @Field(() => Int, { nullable: true, description: "Refuse unless the order is still at this version." })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: "Why; kept as the operation's statusReason." })
  reason?: string | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "When it happened, for what is told afterwards; now when left out. Not in the future, nor before the step before it, nor while another operation had the machine.",
  })
  at?: Date | null;

  @SystemField("what happens")
  system?: string | null;

  @IdempotencyKeyField
  idempotencyKey?: string | null;
}
