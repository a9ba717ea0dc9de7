import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { connectionTypes } from "../graphql/pagination.js";
import { GraphQLDateTime } from "../graphql/scalars.js";
import { Machine } from "../twin/twin.types.js";
import { Operation } from "./order.types.js";
import { ORDER_EVENT_KINDS, type OrderEventKind } from "./order-event.js";

const OrderEventKindEnum = enumOf(ORDER_EVENT_KINDS);
registerEnumType(OrderEventKindEnum, {
  name: "OrderEventKind",
  description: "What happened to an order or an operation.",
  valuesConfig: {
    CREATED: { description: "The order was first sent." },
    CHANGED: { description: "It was sent with other values; changes tells which." },
    RELEASED: { description: "The order was released." },
    READY: { description: "The operation may start." },
    WAITING: { description: "The operation may no longer start: another was put before it." },
    STARTED: { description: "The operation, and with its first one the order, was started." },
    HELD: { description: "It was interrupted." },
    RESUMED: { description: "It goes on." },
    COMPLETED: { description: "It is done." },
    CLOSED: { description: "The order is settled." },
    CANCELLED: { description: "The order was given up before it began." },
    ABORTED: { description: "It was given up." },
    ADDED: { description: "The operation was added to an order that was there." },
    REMOVED: { description: "The operation was taken out of the order before it started." },
  },
});

@ObjectType({ description: "A value that was changed by sending an order again." })
export class OrderFieldChange {
  @Field(() => String, { description: "What was changed." })
  field!: string;

  @Field(() => String, { nullable: true, description: "The value before, as text; null: none." })
  from!: string | null;

  @Field(() => String, { nullable: true, description: "The value from then on, as text; null: none." })
  to!: string | null;
}

@ObjectType({
  description: "Something that happened to an order or one of its operations; never changed afterwards.",
})
export class OrderEvent {
  @Field(() => ID, { description: "Unique; later events have larger numbers." })
  id!: string;

  @Field(() => OrderEventKindEnum, { description: "What happened." })
  kind!: OrderEventKind;

  @Field(() => Int, {
    nullable: true,
    description: "The sequence of the operation that it happened to; null: the order itself.",
  })
  sequence!: number | null;

  @Field(() => Operation, {
    nullable: true,
    description: "The operation that it happened to; null: the order itself, or it was removed.",
  })
  operation?: object | null;

  @Field(() => Machine, { nullable: true, description: "Where the operation ran, or was to run then." })
  machine?: object | null;

  @Field(() => String, { nullable: true, description: "The status before; null where it stays." })
  fromStatus!: string | null;

  @Field(() => String, { nullable: true, description: "The status from then on; null where it stays." })
  toStatus!: string | null;

  @Field(() => [OrderFieldChange], {
    nullable: true,
    description: "What a CHANGED event changed; null otherwise.",
  })
  changes?: readonly object[] | null;

  @Field(() => GraphQLDateTime, { description: "When it happened." })
  at!: Date;

  @Field(() => GraphQLDateTime, {
    description: "When it became known; later than at when it was told afterwards.",
  })
  recordedAt!: Date;

  @Field(() => String, { description: "Who did it." })
  by!: string;

  @Field(() => String, { nullable: true, description: "The system that said so, as the caller named it." })
  system!: string | null;

  @Field(() => String, { nullable: true, description: "Why, as the caller said." })
  reason!: string | null;
}

export const { Connection: OrderEventConnection } = connectionTypes("OrderEvent", () => OrderEvent);

@ObjectType({ description: "A stretch of time during which an operation ran on a machine." })
export class OperationRun {
  @Field(() => Operation, { description: "The operation." })
  operation?: object;

  @Field(() => GraphQLDateTime, { description: "When it began, or the range does." })
  from!: Date;

  @Field(() => GraphQLDateTime, { description: "When it ended, or the range does." })
  to!: Date;
}
