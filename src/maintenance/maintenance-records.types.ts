import { Field, Float, InputType, Int } from "type-graphql";
import { GraphQLDateTime } from "../graphql/scalars.js";

@InputType({ description: "Which maintenance order is meant." })
abstract class MaintenanceOrderKey {
  @Field(() => String, { description: "The order's number." })
  number!: string;

  @Field(() => Int, { nullable: true, description: "Refuse unless the order is still at this version." })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@InputType({ description: "Changes of a maintenance order; what is left out stays as it is." })
export class UpdateMaintenanceOrderInput extends MaintenanceOrderKey {
  @Field(() => String, { nullable: true, description: "What is to be done, in a line." })
  title?: string | null;

  @Field(() => String, { nullable: true, description: "What is to be done, at length; null: nothing more." })
  description?: string | null;

  @Field(() => Int, { nullable: true, description: "The higher, the more urgent; 0 to 1,000." })
  priority?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether commands and starts are refused while it is in progress; at once when it is.",
  })
  lockout?: boolean | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it is to begin; only while PLANNED." })
  plannedStart?: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it must be done; null: whenever." })
  dueAt?: Date | null;

  @Field(() => Float, { nullable: true, description: "Expected minutes of work; null: not known." })
  estimatedMinutes?: number | null;
}

@InputType({ description: "A comment for a maintenance order." })
export class AddMaintenanceCommentInput extends MaintenanceOrderKey {
  @Field(() => String, { description: "The comment." })
  comment!: string;
}

@InputType({ description: "A checklist item that was done, or not." })
export class CheckMaintenanceItemInput extends MaintenanceOrderKey {
  @Field(() => Int, { description: "The item's place in the list, from 1." })
  position!: number;

  @Field(() => Boolean, { nullable: true, defaultValue: true, description: "False takes it back." })
  done?: boolean | null;

  @Field(() => String, { nullable: true, description: "What was read or measured." })
  value?: string | null;
}

@InputType({ description: "A part that was used." })
export class AddMaintenancePartInput extends MaintenanceOrderKey {
  @Field(() => String, { description: "Its number in the store." })
  partNumber!: string;

  @Field(() => String, { nullable: true, description: "What it is." })
  name?: string | null;

  @Field(() => Float, { description: "How many; below 0 takes back what was recorded." })
  quantity!: number;

  @Field(() => String, { nullable: true, defaultValue: "pcs", description: "The unit of the quantity." })
  unit?: string | null;
}

@InputType({ description: "Time spent on a maintenance order: from and to, or minutes." })
export class LogMaintenanceWorkInput extends MaintenanceOrderKey {
  @Field(() => String, { nullable: true, description: "Who worked; the caller when left out." })
  worker?: string | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "From when." })
  from?: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Until when; not in the future." })
  to?: Date | null;

  @Field(() => Float, { nullable: true, description: "How long, where from and to are not known." })
  minutes?: number | null;

  @Field(() => String, { nullable: true, description: "What was done." })
  note?: string | null;
}
