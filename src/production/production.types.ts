import { Field, Float, ID, InputType, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { Node } from "../graphql/node.types.js";
import { connectionTypes } from "../graphql/pagination.js";
import { GraphQLDateTime } from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";
import { IdempotencyKeyField, OfOperationInput, SystemField } from "../orders/caller-input.types.js";
import type { CountingSource } from "../orders/operation.js";
import { CountingSourceEnum, Operation } from "../orders/order.types.js";
import { Machine } from "../twin/twin.types.js";
import { PRODUCTION_KINDS, type ProductionKind } from "./production-record.js";

const ProductionKindEnum = enumOf(PRODUCTION_KINDS);
registerEnumType(ProductionKindEnum, {
  name: "ProductionKind",
  description: "How what was made turned out.",
  valuesConfig: {
    GOOD: { description: "It was made well." },
    SCRAP: { description: "It was spoilt." },
  },
});

@ObjectType({
  description:
    "Something that was made, as it was recorded; never changed: a correction is a record of its own.",
  implements: [Node],
})
export class ProductionRecord {
  id!: string;

  @Field(() => Operation, { description: "The operation that made it." })
  operation?: object;

  @Field(() => Machine, { nullable: true, description: "Where it was made." })
  machine?: object | null;

  @Field(() => ProductionKindEnum, { description: "How it turned out." })
  kind!: ProductionKind;

  @Field(() => Float, { description: "How much, in the order's unit; of a correction, the difference." })
  quantity!: number;

  @Field(() => String, { nullable: true, description: "Why it was spoilt, as it was reported." })
  scrapReason!: string | null;

  @Field(() => CountingSourceEnum, { description: "Whether the machine counted it, or someone said it." })
  countingSource!: CountingSource;

  @Field(() => String, { description: "Who recorded it: the caller's name, or the machine's path." })
  recordedBy!: string;

  @Field(() => String, { nullable: true, description: "The system that said so, as the caller named it." })
  system!: string | null;

  @Field(() => GraphQLDateTime, { description: "When it was made." })
  at!: Date;

  @Field(() => GraphQLDateTime, { description: "When it was recorded." })
  recordedAt!: Date;

  @Field(() => ProductionRecord, { nullable: true, description: "The record that this one corrects." })
  corrects?: object | null;

  @Field(() => String, {
    nullable: true,
    description: "Why it corrects that one, or changes what was known.",
  })
  comment!: string | null;
}

export const { Connection: ProductionRecordConnection } = connectionTypes(
  "ProductionRecord",
  () => ProductionRecord,
);

@ObjectType({ description: "What was spoilt for one reason, corrections included." })
export class ScrapReason {
  @Field(() => String, { nullable: true, description: "The reason as it was reported; null: none was." })
  reason!: string | null;

  @Field(() => Float, { description: "How much, in the order's unit." })
  quantity!: number;
}

@ObjectType({ description: "What became of a correction." })
export class ProductionRecordPayload {
  @Field(() => ProductionRecord, {
    nullable: true,
    description: "The record of the difference; null when nothing was done.",
  })
  record!: object | null;

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}

@InputType({ description: "What a production record should have said." })
export class CorrectProductionInput {
  @Field(() => ID, { description: "The record, not a correction itself." })
  record!: string;

  @Field(() => Float, {
    description: "What it should have said, not below 0. The difference to what it says by now is recorded.",
  })
  quantity!: number;

  @Field(() => String, { description: "Why." })
  reason!: string;

  @SystemField("the record")
  system?: string | null;

  @IdempotencyKeyField
  idempotencyKey?: string | null;
}

@InputType({ description: "What an operation has made since the last report." })
export class ReportProductionInput extends OfOperationInput {
  @Field(() => Float, {
    nullable: true,
    defaultValue: 0,
    description: "What was made well; 0 to 100,000,000.",
  })
  good?: number | null;

  @Field(() => Float, { nullable: true, defaultValue: 0, description: "What was spoilt; 0 to 100,000,000." })
  scrap?: number | null;

  @Field(() => String, { nullable: true, description: "Why it was spoilt; only with scrap." })
  scrapReason?: string | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "When it was made, not in the future and while the operation ran or was held; now when left out, and of a COMPLETED operation its end.",
  })
  at?: Date | null;

  @SystemField("the record")
  system?: string | null;

  @IdempotencyKeyField
  idempotencyKey?: string | null;
}
