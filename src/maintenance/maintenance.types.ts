import { ArgsType, Field, Float, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { Node } from "../graphql/node.types.js";
import { connectionTypes, PageArgs } from "../graphql/pagination.js";
import { GraphQLDateTime, GraphQLEquipmentPath } from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";
import { Machine } from "../twin/twin.types.js";
import {
  MAINTENANCE_KINDS,
  MAINTENANCE_STATUSES,
  type MaintenanceKind,
  type MaintenanceStatus,
} from "./maintenance.js";
import { MaintenanceChecklistItemInput, MaintenancePartInput } from "./maintenance-details.types.js";

export const MaintenanceKindEnum = enumOf(MAINTENANCE_KINDS);
registerEnumType(MaintenanceKindEnum, {
  name: "MaintenanceKind",
  description: "Why maintenance is done.",
  valuesConfig: {
    CORRECTIVE: { description: "Something is broken." },
    PREVENTIVE: { description: "It is due by calendar or usage." },
    PREDICTIVE: { description: "Its condition says that it will break." },
    INSPECTION: { description: "To see how it is." },
  },
});

const MaintenanceStatusEnum = enumOf(MAINTENANCE_STATUSES);
registerEnumType(MaintenanceStatusEnum, {
  name: "MaintenanceStatus",
  description:
    "How far a maintenance order is: PLANNED, OPEN, IN_PROGRESS, COMPLETED; or CANCELLED before it began.",
  valuesConfig: {
    PLANNED: { description: "It was made for a time to come." },
    OPEN: { description: "It waits to be started." },
    IN_PROGRESS: { description: "Someone is at it." },
    COMPLETED: { description: "It is done." },
    CANCELLED: { description: "It will not be done." },
  },
});

@ObjectType({
  description: "What someone wrote about a maintenance order.",
  simpleResolvers: true,
})
export class MaintenanceComment {
  @Field(() => String, { description: "As it was written." })
  comment!: string;

  @Field(() => String, { description: "Who wrote it." })
  writtenBy!: string;

  @Field(() => GraphQLDateTime, { description: "When it was written." })
  writtenAt!: Date;
}

@ObjectType({ description: "Work on a machine to keep or make it fit.", implements: [Node] })
export class MaintenanceOrder {
  id!: string;

  @Field(() => String, { description: "The key for people and systems, such as MO-000001." })
  number!: string;

  @Field(() => Machine, { description: "The machine that it is about." })
  machine?: object;

  @Field(() => MaintenanceKindEnum, { description: "Why it is done." })
  kind!: MaintenanceKind;

  @Field(() => String, { description: "What is to be done, in a line." })
  title!: string;

  @Field(() => String, { nullable: true, description: "What is to be done, at length." })
  description!: string | null;

  @Field(() => MaintenanceStatusEnum, { description: "How far it is." })
  status!: MaintenanceStatus;

  @Field(() => Int, { description: "The higher, the more urgent." })
  priority!: number;

  @Field(() => Int, { description: "Grows by one with every change; for expectedVersion." })
  version!: number;

  @Field(() => Boolean, {
    description: "While true and IN_PROGRESS, commands to the machine and starts on it are refused.",
  })
  lockout!: boolean;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it is to begin." })
  plannedStart!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it must be done." })
  dueAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it was started." })
  startedAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it was completed." })
  completedAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it was cancelled." })
  cancelledAt!: Date | null;

  @Field(() => GraphQLDateTime, { description: "When it was made." })
  createdAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: "Who or what made it; null for orders from before it was kept.",
  })
  createdBy!: string | null;

  @Field(() => Float, { nullable: true, description: "How many minutes of work it is expected to take." })
  estimatedMinutes!: number | null;

  @Field(() => [MaintenanceComment], { description: "What was written about it, oldest first." })
  comments?: object[];
}

export const { Connection: MaintenanceOrderConnection } = connectionTypes(
  "MaintenanceOrder",
  () => MaintenanceOrder,
);

@ArgsType()
export class MaintenanceOrdersArgs extends PageArgs {
  @Field(() => [MaintenanceStatusEnum], { nullable: true, description: "Only orders in one of these." })
  status?: MaintenanceStatus[] | null;

  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description: "Only orders of machines at or below this path.",
  })
  under?: string | null;
}

@ArgsType()
export class MaintenanceOrderChangedArgs {
  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description: "Only orders of machines at or below this path.",
  })
  under?: string | null;
}

@InputType({ description: "A maintenance order to be made." })
export class CreateMaintenanceOrderInput {
  @Field(() => GraphQLEquipmentPath, { description: "The machine that it is about." })
  machine!: string;

  @Field(() => MaintenanceKindEnum, { description: "Why it is done." })
  kind!: MaintenanceKind;

  @Field(() => String, { description: "What is to be done, in a line." })
  title!: string;

  @Field(() => String, { nullable: true, description: "What is to be done, at length." })
  description?: string | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 50,
    description: "The higher, the more urgent; 0 to 1,000.",
  })
  priority?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      "Whether commands to the machine and starts on it are refused while the order is in progress.",
  })
  lockout?: boolean | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "When it is to begin; in the future makes it PLANNED, otherwise it is OPEN.",
  })
  plannedStart?: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it must be done." })
  dueAt?: Date | null;

  @Field(() => Float, { nullable: true, description: "How many minutes of work it is expected to take." })
  estimatedMinutes?: number | null;

  @Field(() => [MaintenanceChecklistItemInput], {
    nullable: true,
    description: "What is to be done or looked at, in order.",
  })
  checklist?: MaintenanceChecklistItemInput[] | null;

  @Field(() => [MaintenancePartInput], { nullable: true, description: "Parts to be had ready." })
  parts?: MaintenancePartInput[] | null;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@InputType({ description: "A maintenance order to be started, completed or cancelled." })
export class MaintenanceActionInput {
  @Field(() => String, { description: "The order's number." })
  number!: string;

  @Field(() => Int, { nullable: true, description: "Refuse unless the order is still at this version." })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: "Kept with the order." })
  comment?: string | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "When it happened, for what is told afterwards; now when left out. Not in the future; a completion not before the start, a cancellation not before the order was made. A start may be earlier than the order.",
  })
  at?: Date | null;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@ObjectType({ description: "What became of a maintenance order." })
export class MaintenanceOrderPayload {
  @Field(() => MaintenanceOrder, { nullable: true, description: "The order; null when nothing was done." })
  maintenanceOrder!: object | null;

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}
