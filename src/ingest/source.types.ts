import { Field, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { GraphQLDateTime, GraphQLSafeInt } from "../graphql/scalars.js";
import { SOURCE_HEALTHS, type SourceHealth } from "./source-health.js";

export const SourceHealthEnum = enumOf(SOURCE_HEALTHS);
registerEnumType(SourceHealthEnum, {
  name: "SourceHealth",
  description: "How a source is.",
  valuesConfig: {
    CONNECTED: { description: "Messages come and are committed." },
    LAGGING: { description: "Messages come, and their commits are 5 s or more behind, or fail." },
    DISCONNECTED: { description: "There is no connection to the broker." },
    STANDBY: { description: "Another server consumes it; this one takes over when that ends." },
  },
});

@ObjectType({
  description: "A broker connection and what became of its messages since this server started.",
  simpleResolvers: true,
})
export class Source {
  @Field(() => String, { description: "Its name in the plant file." })
  name!: string;

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
