import { Field, Float, Int, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { GraphQLDateTime, GraphQLSafeInt } from "../graphql/scalars.js";

const KEEPER_PHASES = ["STOPPED", "STANDBY", "KEEPING"] as const;
export type KeeperPhase = (typeof KEEPER_PHASES)[number];

export const KeeperPhaseEnum = enumOf(KEEPER_PHASES);
registerEnumType(KeeperPhaseEnum, {
  name: "KeeperPhase",
  description: "What a server does for the history's upkeep.",
  valuesConfig: {
    STOPPED: { description: "It is starting or stopping." },
    STANDBY: { description: "Another server seals the history." },
    KEEPING: { description: "It seals the history, and drops what is too old." },
  },
});

@ObjectType({
  description: "What the history of one retention policy takes on disk, indexes included, in bytes.",
  simpleResolvers: true,
})
export class RetentionUsage {
  @Field(() => String, { description: "The policy's name in the plant file." })
  retention!: string;

  @Field(() => GraphQLSafeInt, { description: "Its samples." })
  sampleBytes!: number;

  @Field(() => GraphQLSafeInt, { description: "What is known of each minute." })
  minuteBytes!: number;

  @Field(() => GraphQLSafeInt, { description: "What is known of each hour." })
  hourBytes!: number;

  @Field(() => GraphQLSafeInt, { description: "What is known of each day." })
  dayBytes!: number;

  @Field(() => GraphQLSafeInt, { description: "About how many samples it has." })
  samples!: number;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "The beginning of the oldest week of which it has samples.",
  })
  oldest!: Date | null;

  @Field(() => Float, {
    nullable: true,
    description: "How long samples are kept, in milliseconds; null: for ever.",
  })
  keepSamplesMs!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "How long minutes are kept, in milliseconds; null: for ever.",
  })
  keepMinutesMs!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "How long hours are kept, in milliseconds; null: for ever.",
  })
  keepHoursMs!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "How long days are kept, in milliseconds; null: for ever.",
  })
  keepDaysMs!: number | null;
}

@ObjectType({
  description: "What the database takes on disk, in bytes, measured half a minute ago at the most.",
  simpleResolvers: true,
})
export class Storage {
  @Field(() => GraphQLDateTime, { description: "When it was measured." })
  measuredAt!: Date;

  @Field(() => GraphQLSafeInt, { description: "The whole database." })
  databaseBytes!: number;

  @Field(() => GraphQLSafeInt, { description: "Samples of the last hour or less, as they came in." })
  openFrameBytes!: number;

  @Field(() => GraphQLSafeInt, { description: "Frames that are being sealed or dropped." })
  closedFrameBytes!: number;

  @Field(() => Int, {
    description: "Segments that wait to be sealed. More than one or two means that sealing fails or lags.",
  })
  waitingSegments!: number;

  @Field(() => GraphQLSafeInt, { description: "The sealed history of all retention policies." })
  historyBytes!: number;

  @Field(() => GraphQLSafeInt, { description: "Everything else, such as twins, orders and dead letters." })
  otherBytes!: number;

  @Field(() => GraphQLSafeInt, { description: "About how many samples are sealed." })
  samples!: number;

  @Field(() => Float, {
    nullable: true,
    description: "What a sealed sample takes, with its share of minutes, hours and days; null without any.",
  })
  bytesPerSample!: number | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: "Free bytes on the disk of the embedded database; null where the database is elsewhere.",
  })
  freeBytes!: number | null;

  @Field(() => KeeperPhaseEnum, { description: "What this server does for the history's upkeep." })
  keeper!: KeeperPhase;

  @Field(() => String, {
    nullable: true,
    description:
      "Why history is not being sealed or dropped; null while all is well. What comes in is stored all the same.",
  })
  problem!: string | null;

  @Field(() => [RetentionUsage], { description: "By retention policy, ordered by name." })
  retention!: RetentionUsage[];
}
