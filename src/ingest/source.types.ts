import { Field, Int, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { GraphQLDateTime, GraphQLJSON, GraphQLSafeInt } from "../graphql/scalars.js";
import { SOURCE_HEALTHS, type SourceHealth } from "./source-health.js";
import { SOURCE_OWNERS, type SourceOwner } from "./source-setup.js";

export const SourceHealthEnum = enumOf(SOURCE_HEALTHS);
registerEnumType(SourceHealthEnum, {
  name: "SourceHealth",
  description: "How a source is.",
  valuesConfig: {
    CONNECTED: { description: "Messages come and are committed." },
    LAGGING: { description: "Messages come, and their commits are 5 s or more behind, or fail." },
    DISCONNECTED: { description: "There is no connection to the broker." },
    STANDBY: { description: "Another server consumes it; this one takes over when that ends." },
    PAUSED: { description: "Nobody consumes it until it is resumed; its messages wait with the broker." },
  },
});

const SourceOwnerEnum = enumOf(SOURCE_OWNERS);
registerEnumType(SourceOwnerEnum, {
  name: "SourceOwner",
  description: "Where the settings of a source stand, which is the one place to change them.",
  valuesConfig: {
    PLANT_FILE: { description: "In the plant file. It can be paused and resumed here." },
    API: { description: "In the database: createSource made it." },
  },
});

export const SOURCE_DISCOVERIES = ["AUTO", "OFF"] as const;
export type SourceDiscovery = (typeof SOURCE_DISCOVERIES)[number];
export const SourceDiscoveryEnum = enumOf(SOURCE_DISCOVERIES);
registerEnumType(SourceDiscoveryEnum, {
  name: "SourceDiscovery",
  description: "What becomes of machines and metrics that nobody has declared.",
  valuesConfig: {
    AUTO: { description: "They are taken in." },
    OFF: { description: "They become dead letters." },
  },
});

@ObjectType({
  description: "A broker connection and what became of its messages since this server started.",
  simpleResolvers: true,
})
export class Source {
  @Field(() => String, { description: "Its name, by which it is known to all servers." })
  name!: string;

  @Field(() => SourceOwnerEnum, { description: "Where its settings stand." })
  owner!: SourceOwner;

  @Field(() => Int, {
    nullable: true,
    description:
      "Grows by one with every change of its settings; for expectedVersion. Null where the plant file has them.",
  })
  version!: number | null;

  @Field(() => String, {
    description: "The broker's URL, with *** in place of user and password.",
  })
  url!: string;

  @Field(() => Int, { description: "QoS of its subscriptions, where a mapping says no other." })
  qos!: number;

  @Field(() => SourceDiscoveryEnum, { description: "What becomes of unknown machines and metrics." })
  discovery!: SourceDiscovery;

  @Field(() => Int, { description: "How many messages may be on the way unacknowledged." })
  inFlight!: number;

  @Field(() => [GraphQLJSON], {
    description: "Its mappings, tried in order, as the plant file writes them, with all defaults.",
  })
  mappings!: readonly unknown[];

  @Field(() => GraphQLJSON, {
    nullable: true,
    description:
      "How it takes part in Sparkplug, as the plant file writes it, with all defaults; null for a source with mappings.",
  })
  sparkplug!: object | null;

  @Field(() => SourceHealthEnum, { description: "How it is." })
  health!: SourceHealth;

  @Field(() => String, { nullable: true, description: "Why it is not well; null while it is." })
  problem!: string | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "Since when it is connected, or tries to be.",
  })
  since!: Date | null;

  @Field(() => String, {
    nullable: true,
    description: "The MQTT version spoken, 5 or 3.1.1; null without a connection.",
  })
  mqttVersion!: string | null;

  @Field(() => GraphQLSafeInt, { description: "Messages that came and are not committed yet." })
  lagMessages!: number;

  @Field(() => GraphQLSafeInt, { description: "How far the commits are behind, in milliseconds." })
  lagMs!: number;

  @Field(() => GraphQLSafeInt, { description: "Messages that came from the broker." })
  received!: number;

  @Field(() => GraphQLSafeInt, { description: "Messages whose effects are all stored." })
  committed!: number;

  @Field(() => GraphQLSafeInt, { description: "Samples stored." })
  samples!: number;

  @Field(() => GraphQLSafeInt, { description: "Samples that were there already." })
  repeated!: number;

  @Field(() => GraphQLSafeInt, { description: "Samples older than the present reading: stored, not shown." })
  late!: number;

  @Field(() => GraphQLSafeInt, { description: "Messages, or parts of one, that could not be taken." })
  dead!: number;

  @Field(() => GraphQLSafeInt, {
    description: "QoS 0 messages thrown away because the database did not keep up.",
  })
  dropped!: number;

  @Field(() => GraphQLSafeInt, {
    description: "Messages left with the broker because another server took over; they come again.",
  })
  returned!: number;

  @Field(() => GraphQLSafeInt, {
    description: "Messages lost on the way to this server, by the numbers that devices give them.",
  })
  missed!: number;

  @Field(() => GraphQLSafeInt, {
    description:
      "Messages that the broker threw away because a client's queue was full, whoever the client; 0 where it does not tell.",
  })
  brokerDropped!: number;
}
