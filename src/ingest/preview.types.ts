import { Field, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { GraphQLDateTime, GraphQLEquipmentPath, GraphQLMetricValue } from "../graphql/scalars.js";
import type { Quality, Scalar } from "../twin/sample.js";
import { QualityEnum } from "../twin/twin.types.js";
import {
  type PreviewOutcome as Outcome,
  PREVIEW_OUTCOMES,
  PREVIEW_STAGES,
  type PreviewStage as Stage,
} from "./preview-model.js";

export const PayloadEncodingEnum = enumOf(["UTF8", "BASE64"]);
registerEnumType(PayloadEncodingEnum, {
  name: "PayloadEncoding",
  description: "How a payload is written in a string.",
  valuesConfig: {
    UTF8: { description: "As it is." },
    BASE64: { description: "As base64, for payloads that are not text." },
  },
});

@ObjectType({ description: "A sample that a message would become.", simpleResolvers: true })
export class PreviewSample {
  @Field(() => String, { description: "The metric's name." })
  metric!: string;

  @Field(() => GraphQLMetricValue, { nullable: true, description: "The value." })
  value!: Scalar;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "The device's time; null when the receive time would be taken.",
  })
  sourceTime!: Date | null;

  @Field(() => QualityEnum, { description: "How far it could be trusted." })
  quality!: Quality;
}

const PreviewStageEnum = enumOf(PREVIEW_STAGES);
registerEnumType(PreviewStageEnum, {
  name: "PreviewStage",
  description: "Where on its way a message is.",
  valuesConfig: {
    MAPPING: { description: "The mappings are tried in order; the first whose topic matches takes it." },
    MACHINE: { description: "The topic's levels make the machine's path." },
    DECODING: { description: "The mapping's format reads the payload." },
    METRIC: { description: "A value gets its name, scale and type." },
  },
});

const PreviewOutcomeEnum = enumOf(PREVIEW_OUTCOMES);
registerEnumType(PreviewOutcomeEnum, {
  name: "PreviewOutcome",
  description: "What a step of a preview came to.",
  valuesConfig: {
    TAKEN: { description: "It goes on." },
    PASSED_OVER: { description: "This mapping does not take the topic; the next one is tried." },
    IGNORED: { description: "Right, and left out because the mapping or the format says so." },
    REFUSED: { description: "It cannot be taken and would become a dead letter." },
  },
});

@ObjectType({ description: "One decision on the way of a message.", simpleResolvers: true })
export class PreviewStep {
  @Field(() => PreviewStageEnum, { description: "Where it is made." })
  stage!: Stage;

  @Field(() => PreviewOutcomeEnum, { description: "What it came to." })
  outcome!: Outcome;

  @Field(() => String, {
    nullable: true,
    description:
      "What it is about: a mapping's topic, a machine's path, a field or a metric as the device names it.",
  })
  subject!: string | null;

  @Field(() => String, { description: "What was done, or why nothing was." })
  detail!: string;

  @Field(() => String, { nullable: true, description: "What may be done about it." })
  suggestion!: string | null;
}

@ObjectType({ description: "What a message would become.", simpleResolvers: true })
export class MessagePreview {
  @Field(() => String, {
    nullable: true,
    description: "The topic of the mapping that takes it; null when none does.",
  })
  mapping!: string | null;

  @Field(() => GraphQLEquipmentPath, { nullable: true, description: "The machine it would belong to." })
  machine!: string | null;

  @Field(() => [PreviewSample], { description: "The samples it would become." })
  samples!: readonly object[];

  @Field(() => String, { nullable: true, description: "Why it, or a part of it, would become nothing." })
  problem!: string | null;

  @Field(() => [PreviewStep], {
    description:
      "How it comes to that, in the order of the decisions. At most 200 metrics have a step of their own.",
  })
  steps!: readonly object[];
}
