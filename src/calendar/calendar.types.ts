import { ArgsType, Field, ID, InputType, ObjectType } from "type-graphql";
import { GraphQLDateTime, GraphQLEquipmentPath } from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";
import { Equipment } from "../plant/plant.types.js";

@ObjectType({ description: "A break within a shift.", simpleResolvers: true })
export class ShiftBreak {
  @Field(() => String, { description: "As the calendar calls it." })
  name!: string;

  @Field(() => GraphQLDateTime, { description: "When it begins." })
  from!: Date;

  @Field(() => GraphQLDateTime, { description: "When it ends." })
  to!: Date;
}

@ObjectType({ description: "A shift of one day. On holidays none takes place.", simpleResolvers: true })
export class Shift {
  @Field(() => String, { description: "As the calendar calls it." })
  name!: string;

  @Field(() => String, {
    description: "The local date on which it starts, such as 2026-03-28; the whole shift belongs to it.",
  })
  date!: string;

  @Field(() => GraphQLDateTime, { description: "When it begins." })
  from!: Date;

  @Field(() => GraphQLDateTime, { description: "When it ends." })
  to!: Date;

  @Field(() => [ShiftBreak], { description: "Its breaks, oldest first, apart from each other." })
  breaks!: ShiftBreak[];
}

@ObjectType({ description: "A time in which equipment and all below it are planned not to work." })
export class PlannedStop {
  @Field(() => ID, {
    nullable: true,
    description: "For cancelPlannedStop; null where the calendar of the plant file plans it.",
  })
  id!: string | null;

  @Field(() => Equipment, { description: "The highest equipment that it is planned for." })
  equipment!: object;

  @Field(() => GraphQLDateTime, { description: "When it begins." })
  from!: Date;

  @Field(() => GraphQLDateTime, { description: "When it ends." })
  to!: Date;

  @Field(() => String, { description: "Why it stops." })
  reason!: string;

  @Field(() => String, { nullable: true, description: "Who planned it; null for the plant file." })
  plannedBy!: string | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it was taken back." })
  cancelledAt!: Date | null;
}

@ArgsType()
export class CalendarRangeArgs {
  @Field(() => GraphQLDateTime, { description: "The beginning of the range." })
  from!: Date;

  @Field(() => GraphQLDateTime, { description: "The end of the range, at most 400 days after from." })
  to!: Date;
}

@InputType({ description: "A stop to be planned." })
export class PlanStopInput {
  @Field(() => GraphQLEquipmentPath, { description: "The equipment; it holds for all below too." })
  equipment!: string;

  @Field(() => GraphQLDateTime, { description: "When it begins; in the past it corrects what was." })
  from!: Date;

  @Field(() => GraphQLDateTime, { description: "When it ends, at most 400 days after it begins." })
  to!: Date;

  @Field(() => String, { description: "Why it stops, in up to 500 characters." })
  reason!: string;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@InputType({ description: "A planned stop to be taken back." })
export class CancelPlannedStopInput {
  @Field(() => ID, { description: "The planned stop." })
  id!: string;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@ObjectType({ description: "What became of a planned stop." })
export class PlannedStopPayload {
  @Field(() => PlannedStop, { nullable: true, description: "The planned stop; null when nothing was done." })
  plannedStop!: object | null;

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}
