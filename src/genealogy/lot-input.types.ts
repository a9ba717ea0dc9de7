import { Field, Float, ID, InputType } from "type-graphql";
import { GraphQLDateTime, GraphQLEquipmentPath } from "../graphql/scalars.js";
import { IdempotencyKeyField, OfOperationInput, SystemField } from "../orders/caller-input.types.js";

const TimeField = Field(() => GraphQLDateTime, {
  nullable: true,
  description: "When it happened, not in the future; now when left out.",
});
const BookingSystemField = SystemField("what is booked");

@InputType({ description: "A lot by its number and material." })
export class LotRefInput {
  @Field(() => String, { description: "The lot's number." })
  lot!: string;

  @Field(() => String, { description: "What it is of." })
  material!: string;
}

@InputType({
  description: "So much of a lot that an operation consumed. A lot that is not known becomes known.",
})
export class ConsumedLotInput {
  @Field(() => String, { description: "The lot's number." })
  lot!: string;

  @Field(() => String, { description: "What it is of." })
  material!: string;

  @Field(() => Float, { description: "How much; above 0." })
  quantity!: number;

  @Field(() => String, {
    nullable: true,
    description:
      "The unit of the lot, always the same for one lot; left out: the lot's own, and pcs for one that was not known.",
  })
  unit?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: "The serial numbers of what was consumed, if it has any.",
  })
  serials?: string[] | null;
}

@InputType({
  description: "So much of a lot that an operation produced. A lot that is not known becomes known.",
})
export class ProducedLotInput {
  @Field(() => String, { description: "The lot's number." })
  lot!: string;

  @Field(() => String, { nullable: true, description: "What it is of; the order's product when left out." })
  material?: string | null;

  @Field(() => Float, { description: "How much; above 0." })
  quantity!: number;

  @Field(() => String, { nullable: true, description: "The unit of the lot; the order's when left out." })
  unit?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: "The serial numbers of what was produced, if it has any; a thing is produced once.",
  })
  serials?: string[] | null;

  @Field(() => [LotRefInput], {
    nullable: true,
    description:
      "The lots that it was made from, where that is known exactly; all that the operation consumes when left out.",
  })
  from?: LotRefInput[] | null;
}

/** Lots that are booked on an operation. */
@InputType()
abstract class LotBookingInput extends OfOperationInput {
  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description: "Where; the operation's machine when left out.",
  })
  machine?: string | null;

  @TimeField
  at?: Date | null;

  @BookingSystemField
  system?: string | null;

  @IdempotencyKeyField
  idempotencyKey?: string | null;
}

@InputType({ description: "What an operation consumed: all of it is booked, or nothing." })
export class ReportConsumptionInput extends LotBookingInput {
  @Field(() => [ConsumedLotInput], { description: "The lots." })
  lots!: ConsumedLotInput[];
}

@InputType({ description: "What an operation produced: all of it is booked, or nothing." })
export class ReportOutputInput extends LotBookingInput {
  @Field(() => [ProducedLotInput], { description: "The lots." })
  lots!: ProducedLotInput[];
}

@InputType({ description: "So much of a lot that is split or merged." })
export class LotPartInput {
  @Field(() => String, { description: "The lot's number." })
  lot!: string;

  @Field(() => Float, { description: "How much; above 0." })
  quantity!: number;
}

@InputType({ description: "A lot that was split." })
export class SplitLotInput {
  @Field(() => String, { description: "The lot's number." })
  lot!: string;

  @Field(() => String, { description: "What it and its parts are of." })
  material!: string;

  @Field(() => [LotPartInput], { description: "The lots that it was split into." })
  into!: LotPartInput[];

  @TimeField
  at?: Date | null;

  @BookingSystemField
  system?: string | null;

  @IdempotencyKeyField
  idempotencyKey?: string | null;
}

@InputType({ description: "Lots of one material that were merged." })
export class MergeLotsInput {
  @Field(() => [LotPartInput], { description: "The lots that were merged." })
  from!: LotPartInput[];

  @Field(() => String, { description: "What all of them are of." })
  material!: string;

  @Field(() => String, { description: "The number of the lot that came of them." })
  into!: string;

  @TimeField
  at?: Date | null;

  @BookingSystemField
  system?: string | null;

  @IdempotencyKeyField
  idempotencyKey?: string | null;
}

@InputType({ description: "A movement that was booked wrongly." })
export class ReverseLotMovementInput {
  @Field(() => ID, { description: "The movement." })
  movement!: string;

  @Field(() => String, { description: "Why." })
  reason!: string;

  @BookingSystemField
  system?: string | null;

  @IdempotencyKeyField
  idempotencyKey?: string | null;
}
