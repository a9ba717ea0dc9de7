import { Field, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { GraphQLDateTime } from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";

export const MetricChangeKindEnum = enumOf(["ADDED", "DROPPED", "RETYPED"] as const);
registerEnumType(MetricChangeKindEnum, {
  name: "MetricChangeKind",
  description: "How a metric differs from the birth before.",
  valuesConfig: {
    ADDED: { description: "The birth before had no such metric." },
    DROPPED: { description: "The birth has no such metric any more." },
    RETYPED: { description: "It has another data type." },
  },
});

@ObjectType({
  description: "A birth that told other metrics of a machine than the one before.",
  simpleResolvers: true,
})
export class MetricChange {
  @Field(() => String, { description: "The metric's name." })
  metric!: string;

  @Field(() => MetricChangeKindEnum, { description: "What became of it." })
  kind!: "ADDED" | "DROPPED" | "RETYPED";

  @Field(() => String, { nullable: true, description: "Its data type before, as Sparkplug calls it." })
  before!: string | null;

  @Field(() => String, { nullable: true, description: "Its data type since." })
  after!: string | null;

  @Field(() => GraphQLDateTime, { description: "When the birth was received." })
  at!: Date;
}

export const EDGE_PRESENCES = ["ONLINE", "OFFLINE", "UNKNOWN"] as const;
export type EdgePresence = (typeof EDGE_PRESENCES)[number];
const EdgePresenceEnum = enumOf(EDGE_PRESENCES);
registerEnumType(EdgePresenceEnum, {
  name: "EdgePresence",
  description: "Whether an edge node or a device is there.",
  valuesConfig: {
    ONLINE: { description: "Its birth was seen, and no death since." },
    OFFLINE: { description: "Its death was seen, or that of its edge node." },
    UNKNOWN: { description: "Since the host is connected neither was seen." },
  },
});

@ObjectType({ description: "A device behind an edge node of Sparkplug." })
export class EdgeDevice {
  @Field(() => String, { description: "Its id." })
  id!: string;

  @Field(() => EdgePresenceEnum, { description: "Whether it is there." })
  presence!: EdgePresence;
}

@ObjectType({ description: "An edge node of Sparkplug, as this host application sees it." })
export class EdgeNode {
  @Field(() => String, { description: "Its group id." })
  group!: string;

  @Field(() => String, { description: "Its edge node id." })
  edgeNode!: string;

  @Field(() => EdgePresenceEnum, { description: "Whether it is there." })
  presence!: EdgePresence;

  @Field(() => Int, {
    nullable: true,
    description: "The number of its connection, by its last birth; null when no birth has told one.",
  })
  bdSeq!: number | null;
}

@InputType({ description: "The edge node to ask." })
export class RequestRebirthInput {
  @Field(() => String, { description: "The source that follows it." })
  source!: string;

  @Field(() => String, { description: "Its group id." })
  group!: string;

  @Field(() => String, { description: "Its edge node id." })
  edgeNode!: string;
}

@ObjectType({ description: "The edge node that was asked, or why none was.", simpleResolvers: true })
export class RequestRebirthPayload {
  @Field(() => EdgeNode, { nullable: true, description: "As it was then. Null when userErrors says why." })
  edgeNode!: object | null;

  @Field(() => [UserError], { description: "Empty when it was asked." })
  userErrors!: readonly object[];
}
