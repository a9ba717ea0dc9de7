import { ArgsType, Field, Float, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { Node } from "../graphql/node.types.js";
import { connectionTypes } from "../graphql/pagination.js";
import { GraphQLDateTime } from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";
import { Operation } from "../orders/order.types.js";
import { Machine } from "../twin/twin.types.js";
import { LINK_KINDS, type LinkKind, MOVEMENT_KINDS, type MovementKind } from "./lot.js";

const MovementKindEnum = enumOf(MOVEMENT_KINDS);
registerEnumType(MovementKindEnum, {
  name: "LotMovementKind",
  description: "Which way a lot went.",
  valuesConfig: {
    CONSUMED: { description: "Into the operation." },
    PRODUCED: { description: "Out of the operation." },
  },
});

const LinkKindEnum = enumOf(LINK_KINDS);
registerEnumType(LinkKindEnum, {
  name: "LotLinkKind",
  description: "How a lot became part of another.",
  valuesConfig: {
    OPERATION: { description: "An operation consumed the one and produced the other." },
    SPLIT: { description: "The one was split, and the other is a part of it." },
    MERGE: { description: "The one was merged with others into the other." },
  },
});

/** Levels that are followed when nothing is said, and at most. */
export const DEFAULT_DEPTH = 5;
export const LARGEST_DEPTH = 50;

@ArgsType()
export class DepthArgs {
  @Field(() => Int, {
    nullable: true,
    defaultValue: DEFAULT_DEPTH,
    description: `How many levels are followed, ${LARGEST_DEPTH} at most.`,
  })
  depth?: number | null;
}

@ObjectType({
  description:
    "So much of one material from one delivery or making. Its number is unique among the lots of its material.",
  implements: [Node],
})
export class Lot {
  id!: string;

  @Field(() => String, { description: "The lot's number." })
  number!: string;

  @Field(() => String, { description: "What it is of." })
  material!: string;

  @Field(() => String, { description: "The unit of its quantities." })
  unit!: string;

  @Field(() => GraphQLDateTime, { description: "When it became known here." })
  createdAt!: Date;

  @Field(() => Float, { description: "How much of it operations consumed." })
  consumedQuantity?: number;

  @Field(() => Float, { description: "How much of it operations produced; 0 of what was bought." })
  producedQuantity?: number;

  @Field(() => LotGenealogy, {
    description: "All lots that it came from, over all levels, in one answer.",
  })
  ancestors?: object;

  @Field(() => LotGenealogy, {
    description: "All lots that it became part of, over all levels, in one answer.",
  })
  descendants?: object;
}

@ObjectType({ description: "A lot among those that another came from or became part of." })
export class LotNode {
  @Field(() => Lot, { description: "The lot." })
  lot!: object;

  @Field(() => Int, { description: "Over how many steps at least; 0: the lot that was asked about." })
  depth!: number;
}

@ObjectType({ description: "One lot became part of another." })
export class LotEdge {
  @Field(() => ID, { description: "The id of the lot that became part of the other." })
  from!: string;

  @Field(() => ID, { description: "The id of the lot that it became part of." })
  to!: string;

  @Field(() => LinkKindEnum, { description: "How." })
  kind!: LinkKind;

  @Field(() => Operation, { nullable: true, description: "The operation that did it; null: none." })
  operation?: object | null;

  @Field(() => Float, { nullable: true, description: "How much of it; null where that is not told." })
  quantity!: number | null;
}

@ObjectType({
  description: "What a lot came from, or what it became, as a flat list of lots and of steps between them.",
})
export class LotGenealogy {
  @Field(() => [LotNode], {
    description: "Each lot once: the one that was asked about first, then by depth.",
  })
  nodes!: readonly object[];

  @Field(() => [LotEdge], { description: "Each step once." })
  edges!: readonly object[];

  @Field(() => Boolean, {
    description: "Whether there is more than one answer tells; depth cuts off without this.",
  })
  truncated!: boolean;
}

@ObjectType({
  description:
    "So much of a lot that went into an operation or came out of it; never changed: what was booked wrongly is taken back by another.",
  implements: [Node],
})
export class LotMovement {
  id!: string;

  @Field(() => Lot, { description: "The lot." })
  lot?: object;

  @Field(() => MovementKindEnum, { description: "Which way it went." })
  kind!: MovementKind;

  @Field(() => Float, {
    description: "How much, in the lot's unit; below 0 where it takes another one back.",
  })
  quantity!: number;

  @Field(() => [String], { description: "The serial numbers of what was moved, where they were told." })
  serials!: readonly string[];

  @Field(() => Operation, { description: "The operation." })
  operation?: object;

  @Field(() => Machine, { nullable: true, description: "Where." })
  machine?: object | null;

  @Field(() => GraphQLDateTime, { description: "When it happened." })
  at!: Date;

  @Field(() => GraphQLDateTime, { description: "When it was booked." })
  recordedAt!: Date;

  @Field(() => String, { description: "Who booked it." })
  by!: string;

  @Field(() => String, { nullable: true, description: "The system that said so, as the caller named it." })
  system!: string | null;

  @Field(() => Boolean, {
    description: "Whether it was taken back, or takes another one back: it links no lots.",
  })
  reversed!: boolean;

  @Field(() => LotMovement, { nullable: true, description: "The movement that this one takes back." })
  reverses?: object | null;

  @Field(() => String, { nullable: true, description: "Why it takes that one back." })
  reason!: string | null;
}

export const { Connection: LotMovementConnection } = connectionTypes("LotMovement", () => LotMovement);

@ObjectType({ description: "What became of booking lots on an operation." })
export class LotMovementsPayload {
  @Field(() => [LotMovement], {
    description: "What was booked, in the order of the input; empty when nothing was.",
  })
  movements!: readonly object[];

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}

@ObjectType({ description: "What became of splitting or merging lots." })
export class LotsPayload {
  @Field(() => [Lot], { description: "The lots that came of it; empty when nothing was done." })
  lots!: readonly object[];

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}
