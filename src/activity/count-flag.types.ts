import { ArgsType, Field, Int, ObjectType } from "type-graphql";
import { RangeArgs } from "../graphql/range.types.js";
import { GraphQLDateTime } from "../graphql/scalars.js";

/** Unless the question says otherwise, and at most. */
export const USUAL_COUNT_FLAGS = 50;
export const MOST_COUNT_FLAGS = 1_000;

@ObjectType({
  description:
    "A step of a counter that was not believed: its pieces are counted nowhere. What was made all the same, people report or correct.",
})
export class CountFlag {
  @Field(() => String, { description: "The counter." })
  metric!: string;

  @Field(() => GraphQLDateTime, { description: "The time of the reading that ends the step." })
  at!: Date;

  @Field(() => String, { description: "The reading before it." })
  from!: string;

  @Field(() => String, { description: "The reading." })
  to!: string;

  @Field(() => String, {
    description:
      "Why: implausible jump (more than the machine can make in the time), implausible fall, negative counter, or too many digits.",
  })
  reason!: string;
}

@ArgsType()
export class CountFlagArgs extends RangeArgs {
  @Field(() => Int, {
    defaultValue: USUAL_COUNT_FLAGS,
    description: `So many at most, ${MOST_COUNT_FLAGS} at most.`,
  })
  first!: number;
}
