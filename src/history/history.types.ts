import { Field, Float, Int, ObjectType } from "type-graphql";
import { GraphQLDateTime, GraphQLMetricValue } from "../graphql/scalars.js";
import type { Quality, Scalar } from "../twin/sample.js";
import { QualityEnum } from "../twin/twin.types.js";

@ObjectType({
  description:
    "One point is one sample, or, when the range holds more samples than asked for, one time bucket.",
  simpleResolvers: true,
})
export class HistoryPoint {
  @Field(() => GraphQLDateTime, { description: "The sample's source time, or the beginning of the bucket." })
  time!: Date;

  @Field(() => GraphQLMetricValue, {
    nullable: true,
    description: "The sample's value, or the last one in the bucket.",
  })
  value!: Scalar;

  @Field(() => Float, {
    nullable: true,
    description: "The lowest number in the bucket; null when it holds none.",
  })
  min!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "The highest number in the bucket; null when it holds none.",
  })
  max!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "The mean of the bucket's samples; null when it holds no number.",
  })
  avg!: number | null;

  @Field(() => Int, { description: "How many samples the point stands for." })
  count!: number;

  @Field(() => QualityEnum, { description: "The worst quality among them." })
  quality!: Quality;
}

@ObjectType({ description: "A range of one metric's history.", simpleResolvers: true })
export class MetricSeries {
  @Field(() => String, { description: "The metric's name." })
  metric!: string;

  @Field(() => String, { nullable: true, description: "The unit of its values." })
  unit!: string | null;

  @Field(() => [HistoryPoint], {
    description: "Oldest first. Buckets without samples are left out, so gaps show as gaps.",
  })
  points!: readonly object[];
}
