import { Field, Float, Int, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { Node } from "../graphql/node.types.js";
import { connectionTypes } from "../graphql/pagination.js";
import { GraphQLDateTime } from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";
import { Machine } from "../twin/twin.types.js";
import {
  COUNTING_SOURCES,
  type CountingSource,
  OPERATION_COMPLETIONS,
  OPERATION_STATUSES,
  type OperationCompletion,
  type OperationStatus,
} from "./operation.js";
import { ORDER_STATUSES, type OrderStatus } from "./order.js";

export const OrderStatusEnum = enumOf(ORDER_STATUSES);
registerEnumType(OrderStatusEnum, {
  name: "OrderStatus",
  description: "How far a production order is.",
  valuesConfig: {
    CREATED: { description: "It is known; nothing of it may start." },
    RELEASED: { description: "Its first operation may start." },
    RUNNING: { description: "An operation of it was started." },
    HELD: { description: "It is interrupted; nothing of it runs." },
    COMPLETED: { description: "Its last operation is completed." },
    CLOSED: { description: "It is settled." },
    ABORTED: { description: "It was given up on the way." },
    CANCELLED: { description: "It was given up before it began." },
  },
});

const OperationStatusEnum = enumOf(OPERATION_STATUSES);
registerEnumType(OperationStatusEnum, {
  name: "OperationStatus",
  description: "How far an operation is.",
  valuesConfig: {
    WAITING: { description: "The order is not released, or what must be done before it is not." },
    READY: { description: "It may start." },
    RUNNING: { description: "It runs on its machine, and no other does." },
    HELD: { description: "It is interrupted; its machine is free." },
    COMPLETED: { description: "It is done." },
    ABORTED: { description: "It was given up with its order." },
  },
});

export const CountingSourceEnum = enumOf(COUNTING_SOURCES);
registerEnumType(CountingSourceEnum, {
  name: "CountingSource",
  description: "The one authority that counts an operation's pieces.",
  valuesConfig: {
    MACHINE: { description: "The machine's counters." },
    OPERATOR: { description: "Someone who reports them." },
  },
});

export const OperationCompletionEnum = enumOf(OPERATION_COMPLETIONS);
registerEnumType(OperationCompletionEnum, {
  name: "OperationCompletion",
  description: "What completes an operation.",
  valuesConfig: {
    QUANTITY: {
      description:
        "It completes by itself when its good quantity reaches the order's; completeOperation may be earlier.",
    },
    MANUAL: { description: "Only completeOperation does." },
  },
});

@ObjectType({
  description: "So much of a product, made in operations one after the other.",
  implements: [Node],
})
export class ProductionOrder {
  id!: string;

  @Field(() => String, { description: "The key that it has in the ERP system." })
  number!: string;

  @Field(() => String, { description: "What is made." })
  product!: string;

  @Field(() => Float, { description: "How much is to be made, in its unit." })
  quantity!: number;

  @Field(() => String, { description: "The unit of all its quantities." })
  unit!: string;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it must be done." })
  dueAt!: Date | null;

  @Field(() => Boolean, {
    description:
      "Whether it was not done, or is still not done, when it was due; what was given up is never late.",
  })
  late?: boolean;

  @Field(() => Int, { description: "The higher, the more urgent." })
  priority!: number;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "When its first operation is to begin; null when none says.",
  })
  plannedStart!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "When its last operation is to end; null when none says.",
  })
  plannedEnd!: Date | null;

  @Field(() => OrderStatusEnum, { description: "How far it is." })
  status!: OrderStatus;

  @Field(() => GraphQLDateTime, { description: "Since when it has this status." })
  statusAt!: Date;

  @Field(() => String, { nullable: true, description: "The reason given with the order's last action." })
  statusReason!: string | null;

  @Field(() => Int, {
    description:
      "Grows by one with every change of the order or its operations; for expectedVersion. What a machine counts does not grow it.",
  })
  version!: number;

  @Field(() => [Operation], { description: "Its steps, by sequence." })
  operations?: object[];

  @Field(() => Float, { description: "What its last operation has made well." })
  goodQuantity?: number;

  @Field(() => Float, { description: "What all its operations together have spoilt." })
  scrapQuantity?: number;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When its first operation was started." })
  startedAt!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "When it was completed, aborted or cancelled.",
  })
  endedAt!: Date | null;

  @Field(() => GraphQLDateTime, { description: "When it was first sent." })
  createdAt!: Date;
}

@ObjectType({ description: "One step of an order on a machine.", implements: [Node] })
export class Operation {
  id!: string;

  @Field(() => ProductionOrder, { description: "The order that it is a step of." })
  order?: object;

  @Field(() => Int, { description: "Its place among the order's steps; unique within the order." })
  sequence!: number;

  @Field(() => String, { description: "What is done." })
  name!: string;

  @Field(() => Boolean, {
    description:
      "Whether it may start once the operation before it has started, and not only when all before it are completed.",
  })
  overlap!: boolean;

  @Field(() => OperationStatusEnum, { description: "How far it is." })
  status!: OperationStatus;

  @Field(() => GraphQLDateTime, { description: "Since when it has this status." })
  statusAt!: Date;

  @Field(() => String, { nullable: true, description: "The reason given with the operation's last action." })
  statusReason!: string | null;

  @Field(() => Machine, {
    nullable: true,
    description: "Where it runs or ran; before its start, where it is planned.",
  })
  machine?: object | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it is to begin." })
  plannedStart!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it is to end." })
  plannedEnd!: Date | null;

  @Field(() => Float, {
    nullable: true,
    description: "The time of one unit at full speed, in milliseconds; KPIs measure against it.",
  })
  idealCycleTimeMs!: number | null;

  @Field(() => CountingSourceEnum, { description: "Who counts its pieces." })
  countingSource!: CountingSource;

  @Field(() => OperationCompletionEnum, { description: "What completes it." })
  completion!: OperationCompletion;

  @Field(() => Float, { description: "What it has made well." })
  goodQuantity!: number;

  @Field(() => Float, { description: "What it has spoilt." })
  scrapQuantity!: number;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it was started." })
  startedAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it was completed or aborted." })
  endedAt!: Date | null;
}

export const { Connection: ProductionOrderConnection } = connectionTypes(
  "ProductionOrder",
  () => ProductionOrder,
);

@ObjectType({ description: "What became of an order." })
export class OrderPayload {
  @Field(() => ProductionOrder, { nullable: true, description: "The order; null when nothing was done." })
  order!: object | null;

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}

@ObjectType({ description: "What became of an operation." })
export class OperationPayload {
  @Field(() => Operation, { nullable: true, description: "The operation; null when nothing was done." })
  operation!: object | null;

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}

@ObjectType({ description: "What became of one order that was sent." })
export class UpsertOrderResult {
  @Field(() => String, { description: "As it was sent." })
  number!: string;

  @Field(() => ProductionOrder, {
    nullable: true,
    description: "The order as it is; null when it was refused.",
  })
  order?: object | null;

  @Field(() => Boolean, { description: "Whether it was made; false: it was there before, or was refused." })
  created!: boolean;

  @Field(() => [UserError], { description: "Why it was refused; empty when it was not." })
  userErrors!: readonly object[];
}

@ObjectType({
  description: "One row per order sent, in the order sent: one bad row never stops the others.",
})
export class UpsertOrdersPayload {
  @Field(() => [UpsertOrderResult], { description: "What became of each." })
  results!: readonly object[];
}
