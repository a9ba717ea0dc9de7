import { Field, InputType, Int, ObjectType } from "type-graphql";
import { GraphQLJSON } from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";
import { Source, type SourceDiscovery, SourceDiscoveryEnum } from "./source.types.js";

const URL = "mqtt(s):// or ws(s)://, with user:password@ where the broker asks for it; percent-encoded.";
const QOS = "QoS of the subscriptions: with 1 or 2 what is sent while the server is away comes later.";
const DISCOVERY = "What becomes of unknown machines and metrics.";
const IN_FLIGHT = "How many messages may be on the way unacknowledged, 1 to 65,535.";
const MAPPINGS =
  "Tried in order; each an object as under mappings in the plant file. At least one, except with sparkplug.";
const SPARKPLUG = "An object as under sparkplug in the plant file, for a source of Sparkplug messages.";
const KEY = "Makes sending it twice harmless.";

@InputType({ description: "A source to be made; everything means what it means in the plant file." })
export class CreateSourceInput {
  @Field(() => String, { description: "Letters, digits and -; no other source has it." })
  name!: string;

  @Field(() => String, { description: URL })
  url!: string;

  @Field(() => Int, { nullable: true, defaultValue: 1, description: QOS })
  qos?: number | null;

  @Field(() => SourceDiscoveryEnum, { nullable: true, defaultValue: "AUTO", description: DISCOVERY })
  discovery?: SourceDiscovery | null;

  @Field(() => Int, { nullable: true, defaultValue: 65_535, description: IN_FLIGHT })
  inFlight?: number | null;

  @Field(() => [GraphQLJSON], { nullable: true, description: MAPPINGS })
  mappings?: unknown[] | null;

  @Field(() => GraphQLJSON, { nullable: true, description: SPARKPLUG })
  sparkplug?: object | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: "Not to be consumed yet." })
  paused?: boolean | null;

  @Field(() => String, { nullable: true, description: KEY })
  idempotencyKey?: string | null;
}

@InputType({ description: "Settings of a source to be changed; what is left out, or null, stays as it is." })
export class UpdateSourceInput {
  @Field(() => String, { description: "The source's name, which cannot be changed." })
  name!: string;

  @Field(() => Int, { nullable: true, description: "Refuse unless the source is still at this version." })
  expectedVersion?: number | null;

  @Field(() => String, {
    nullable: true,
    description: `${URL} As the source shows it, with ***, it stays as it is.`,
  })
  url?: string | null;

  @Field(() => Int, { nullable: true, description: QOS })
  qos?: number | null;

  @Field(() => SourceDiscoveryEnum, { nullable: true, description: DISCOVERY })
  discovery?: SourceDiscovery | null;

  @Field(() => Int, { nullable: true, description: IN_FLIGHT })
  inFlight?: number | null;

  @Field(() => [GraphQLJSON], { nullable: true, description: `${MAPPINGS} They replace all that were.` })
  mappings?: unknown[] | null;

  @Field(() => GraphQLJSON, {
    nullable: true,
    description: `${SPARKPLUG} It replaces all that was; a source with mappings cannot get it.`,
  })
  sparkplug?: object | null;

  @Field(() => String, { nullable: true, description: KEY })
  idempotencyKey?: string | null;
}

@InputType({ description: "A source to be paused, resumed or removed." })
export class SourceActionInput {
  @Field(() => String, { description: "The source's name." })
  name!: string;

  @Field(() => String, { nullable: true, description: KEY })
  idempotencyKey?: string | null;
}

@ObjectType({ description: "What became of a source." })
export class SourcePayload {
  @Field(() => Source, { nullable: true, description: "The source; null when nothing was done." })
  source!: object | null;

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}

@ObjectType({ description: "What became of a source that was to be removed." })
export class RemoveSourcePayload {
  @Field(() => String, {
    nullable: true,
    description: "The removed source's name; null when nothing was done.",
  })
  removed!: string | null;

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}
