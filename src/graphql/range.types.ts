import { ArgsType, Field } from "type-graphql";
import type { Interval } from "../kernel/intervals.js";
import { badInput } from "./pagination.js";
import { GraphQLDateTime } from "./scalars.js";

/** A range of time that a field is asked about. */
@ArgsType()
export class RangeArgs {
  @Field(() => GraphQLDateTime, { description: "The range's begin." })
  from!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "The range's end, not part of it; now when left out.",
  })
  to?: Date | null;
}

/** @throws BAD_USER_INPUT where nothing lies between the two. */
export function rangeOf({ from, to }: RangeArgs): Interval {
  const range = { from: from.getTime(), to: (to ?? new Date()).getTime() };
  if (range.to <= range.from) throw badInput("from must be before to", ["from"]);
  return range;
}
