import { Field, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { GraphQLDateTime, GraphQLEquipmentPath, GraphQLMetricValue } from "../graphql/scalars.js";
import type { Quality, Scalar } from "../twin/sample.js";
import { QualityEnum } from "../twin/twin.types.js";

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
}
