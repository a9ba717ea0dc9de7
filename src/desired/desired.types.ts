import { Field, InputType, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import {
  GraphQLDateTime,
  GraphQLEquipmentPath,
  GraphQLMetricValue,
  GraphQLSafeInt,
} from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";
import type { Scalar } from "../twin/sample.js";
import { Machine } from "../twin/twin.types.js";
import { DESIRED_STATUSES, type DesiredStatus } from "./desired.js";

export const DesiredStatusEnum = enumOf(DESIRED_STATUSES);
registerEnumType(DesiredStatusEnum, {
  name: "DesiredStatus",
  description: "What became of a desired value.",
  valuesConfig: {
    PENDING: { description: "Stored, and not sent yet: the machine is away, or the broker is." },
    SENT: { description: "The broker has it; the machine has not reported the value yet." },
    SETTLED: { description: "The machine reports the value." },
    NOT_FOLLOWED: {
      description: "The machine did not report the value in time, or has long reported another one since.",
    },
    CLEARED: { description: "Nothing is desired of the metric any more; only events tell it." },
  },
});

@ObjectType({
  description: "What a metric of a machine shall be, and what became of it.",
  simpleResolvers: true,
})
export class DesiredMetric {
  @Field(() => Machine, { description: "The machine." })
  machine!: object;

  @Field(() => String, { description: "The metric's name." })
  metric!: string;

  @Field(() => GraphQLMetricValue, { nullable: true, description: "The value; null when CLEARED." })
  value!: Scalar;

  @Field(() => DesiredStatusEnum, { description: "What became of it." })
  status!: DesiredStatus;

  @Field(() => String, { nullable: true, description: "Why it is not sent, while it is PENDING." })
  reason!: string | null;

  @Field(() => GraphQLSafeInt, { description: "The machine's desired version that brought it." })
  version!: number;

  @Field(() => String, { description: "Who set it." })
  requestedBy!: string;

  @Field(() => GraphQLDateTime, { description: "When it was set." })
  requestedAt!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When the broker last took it." })
  sentAt!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "While it is SENT: when it counts as not followed.",
  })
  followBy!: Date | null;

  @Field(() => GraphQLDateTime, { description: "When the status began." })
  since!: Date;
}

@ObjectType({ description: "All that is desired of a machine.", simpleResolvers: true })
export class DesiredState {
  @Field(() => GraphQLSafeInt, {
    description: "Grows by one with each change of what is desired; 0 before the first.",
  })
  version!: number;

  @Field(() => DesiredStatusEnum, {
    nullable: true,
    description:
      "The status that needs attention most, in the order NOT_FOLLOWED, PENDING, SENT, SETTLED; null when nothing is desired.",
  })
  status!: DesiredStatus | null;

  @Field(() => [DesiredMetric], { description: "The metrics of which something is desired, by name." })
  metrics!: readonly object[];
}

@InputType({ description: "What one metric shall be." })
export class DesiredMetricInput {
  @Field(() => String, { description: "A metric that the machine type declares as writable." })
  name!: string;

  @Field(() => GraphQLMetricValue, {
    nullable: true,
    description: "A value of the metric's type and within its limits; null or left out to desire nothing.",
  })
  value?: Scalar;
}

@InputType({ description: "What metrics of a machine shall be." })
export class SetDesiredInput {
  @Field(() => GraphQLEquipmentPath, { description: "The machine's path." })
  machine!: string;

  @Field(() => [DesiredMetricInput], { description: "The metrics to set or clear; others stay as they are." })
  metrics!: DesiredMetricInput[];

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: "Refuse unless the twin is still at this revision.",
  })
  expectedRevision?: number | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description:
      "Refuse unless what is desired is still at this version, whatever the machine has reported since.",
  })
  expectedVersion?: number | null;

  @Field(() => String, {
    nullable: true,
    description: "The same key with the same input sets nothing again and returns the first outcome.",
  })
  idempotencyKey?: string | null;
}

@ObjectType({ description: "The machine, or why nothing was done.", simpleResolvers: true })
export class MachinePayload {
  @Field(() => Machine, { nullable: true, description: "Null when userErrors says why." })
  machine!: object | null;

  @Field(() => [UserError], { description: "Empty when it was done." })
  userErrors!: readonly object[];
}
