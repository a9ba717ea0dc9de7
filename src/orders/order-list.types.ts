import { ArgsType, Field, Int, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { LARGEST_PAGE } from "../graphql/page-size.js";
import { PageArgs } from "../graphql/pagination.js";
import { GraphQLDateTime, GraphQLEquipmentPath } from "../graphql/scalars.js";
import type { OrderStatus } from "./order.js";
import { OrderStatusEnum } from "./order.types.js";
import { DISPATCH_STATUSES, type DispatchStatus, ORDER_SORTS, type OrderSort } from "./order-list.js";

const OrderSortEnum = enumOf(ORDER_SORTS);
registerEnumType(OrderSortEnum, {
  name: "OrderSort",
  description:
    "By what a list of orders is sorted; orders that are equal there by when they were first sent.",
  valuesConfig: {
    CREATED: { description: "When they were first sent." },
    NUMBER: { description: "Their numbers, as text." },
    DUE: { description: "When they are due." },
    PRIORITY: { description: "Their priority." },
    PLANNED_START: { description: "When their first operation is to begin." },
  },
});

const DispatchStatusEnum = enumOf(DISPATCH_STATUSES);
registerEnumType(DispatchStatusEnum, {
  name: "DispatchStatus",
  description: "The status of an operation that is still to be worked on.",
  valuesConfig: {
    WAITING: { description: "Its order is released, but what must be done before it is not." },
    READY: { description: "It may start." },
    RUNNING: { description: "It runs." },
    HELD: { description: "It was begun and is interrupted." },
  },
});

@ArgsType()
export class OrdersArgs extends PageArgs {
  @Field(() => [OrderStatusEnum], { nullable: true, description: "Only orders in one of these." })
  status?: OrderStatus[] | null;

  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description: "Only orders with an operation on this machine.",
  })
  machine?: string | null;

  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description: "Only orders with an operation on a machine at or below this equipment, such as a line.",
  })
  under?: string | null;

  @Field(() => String, { nullable: true, description: "Only orders of exactly this product." })
  product?: string | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "Only orders that are due at this time or later.",
  })
  dueAfter?: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Only orders that are due before this time." })
  dueBefore?: Date | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Only orders that are late, or only those that are not.",
  })
  late?: boolean | null;

  @Field(() => Int, { nullable: true, description: "Only orders of this priority or a higher one." })
  minPriority?: number | null;

  @Field(() => String, {
    nullable: true,
    description: "Only orders with this text in their number or product, in upper or lower case.",
  })
  search?: string | null;

  @Field(() => OrderSortEnum, {
    nullable: true,
    defaultValue: "CREATED",
    description: "By what they are sorted; those without such a value come last.",
  })
  orderBy?: OrderSort | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: "Whether the greatest comes first.",
  })
  descending?: boolean | null;
}

@ArgsType()
export class DispatchArgs {
  @Field(() => Int, { nullable: true, defaultValue: 20, description: `The most, ${LARGEST_PAGE} at most.` })
  first?: number | null;

  @Field(() => [DispatchStatusEnum], {
    nullable: true,
    defaultValue: ["RUNNING", "HELD", "READY"],
    description: "Only operations in one of these.",
  })
  status?: DispatchStatus[] | null;
}

@ArgsType()
export class OrderChangedArgs {
  @Field(() => String, {
    nullable: true,
    description: "Only this order; first it comes as it is now. One that is not known is waited for.",
  })
  number?: string | null;

  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description: "Only orders with an operation on this machine.",
  })
  machine?: string | null;
}
