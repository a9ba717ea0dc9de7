import { Field, Float, InputType, Int } from "type-graphql";
import { GraphQLDateTime } from "../graphql/scalars.js";

@InputType({ description: "What an operation has made since the last report." })
export class ReportProductionInput {
  @Field(() => String, { description: "The order's number." })
  order!: string;

  @Field(() => Int, { description: "The operation's place in the order." })
  sequence!: number;

  @Field(() => Float, { nullable: true, defaultValue: 0, description: "What was made well; not below 0." })
  good?: number | null;

  @Field(() => Float, { nullable: true, defaultValue: 0, description: "What was spoilt; not below 0." })
  scrap?: number | null;

  @Field(() => String, { nullable: true, description: "Why it was spoilt." })
  scrapReason?: string | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "When it was made, not in the future; now when left out.",
  })
  at?: Date | null;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}
