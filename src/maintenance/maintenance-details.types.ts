import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { GraphQLDateTime } from "../graphql/scalars.js";
import {
  MAINTENANCE_EVENTS,
  type MaintenanceEventKind,
  type NewItem,
  type NewPart,
} from "./maintenance-details.js";

const MaintenanceEventKindEnum = enumOf(MAINTENANCE_EVENTS);
registerEnumType(MaintenanceEventKindEnum, {
  name: "MaintenanceEventKind",
  description: "What happened to a maintenance order.",
  valuesConfig: {
    CREATED: { description: "It was made, by a person, a system, a plan or an alarm." },
    OPENED: { description: "Its planned start came, or it was started before it." },
    STARTED: { description: "Work began." },
    COMPLETED: { description: "Work is done." },
    CANCELLED: { description: "It will not be done." },
    CHANGED: { description: "What is planned was changed." },
    COMMENTED: { description: "Someone wrote a comment." },
    ITEM_CHECKED: { description: "A checklist item was done." },
    ITEM_UNCHECKED: { description: "A checklist item was marked as not done." },
    PART_RECORDED: { description: "A part that was used was recorded, or taken back." },
    WORK_LOGGED: { description: "Time spent was recorded." },
    DUE_AGAIN: {
      description:
        "Its plan was due, or its alarm raised, again while it was still open: no further order was made.",
    },
  },
});

@ObjectType({ description: "One step in the life of a maintenance order.", simpleResolvers: true })
export class MaintenanceEvent {
  @Field(() => MaintenanceEventKindEnum, { description: "What happened." })
  kind!: MaintenanceEventKind;

  @Field(() => String, { description: "Who did it; mes-twin for the server itself." })
  by!: string;

  @Field(() => GraphQLDateTime, { description: "When it happened." })
  at!: Date;

  @Field(() => GraphQLDateTime, { description: "When it was recorded." })
  recordedAt!: Date;

  @Field(() => String, { nullable: true, description: "The comment, or what was checked or recorded." })
  detail!: string | null;
}

@ObjectType({ description: "One thing to be done or looked at.", simpleResolvers: true })
export class MaintenanceChecklistItem {
  @Field(() => Int, { description: "Its place in the list, from 1." })
  position!: number;

  @Field(() => String, { description: "What is to be done." })
  text!: string;

  @Field(() => Boolean, { description: "The order cannot be completed before it is done." })
  required!: boolean;

  @Field(() => Boolean, { description: "Whether it is done." })
  done!: boolean;

  @Field(() => String, { nullable: true, description: "What was read or measured." })
  value!: string | null;

  @Field(() => String, { nullable: true, description: "Who did it." })
  doneBy!: string | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it was done." })
  doneAt!: Date | null;
}

@ObjectType({ description: "A part for a maintenance order.", simpleResolvers: true })
export class MaintenancePart {
  @Field(() => String, { description: "Its number in the store." })
  partNumber!: string;

  @Field(() => String, { nullable: true, description: "What it is." })
  name!: string | null;

  @Field(() => Float, { description: "How many; below 0 takes back what was recorded before." })
  quantity!: number;

  @Field(() => String, { description: "The unit of the quantity." })
  unit!: string;

  @Field(() => Boolean, { description: "True: to be had ready; false: used." })
  planned!: boolean;

  @Field(() => String, { description: "Who recorded it." })
  recordedBy!: string;

  @Field(() => GraphQLDateTime, { description: "When it was recorded." })
  recordedAt!: Date;
}

@ObjectType({ description: "Time spent on a maintenance order.", simpleResolvers: true })
export class MaintenanceWorkLog {
  @Field(() => ID, { description: "Unique among all work logs." })
  id!: string;

  @Field(() => String, { description: "Who worked." })
  worker!: string;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "From when; null when only minutes were told.",
  })
  from!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "Until when; null when only minutes were told.",
  })
  to!: Date | null;

  @Field(() => Float, { description: "How long, in minutes." })
  minutes!: number;

  @Field(() => String, { nullable: true, description: "What was done." })
  note!: string | null;

  @Field(() => String, { description: "Who recorded it." })
  recordedBy!: string;

  @Field(() => GraphQLDateTime, { description: "When it was recorded." })
  recordedAt!: Date;
}

@InputType({ description: "One thing to be done or looked at." })
export class MaintenanceChecklistItemInput {
  @Field(() => String, { description: "What is to be done." })
  text!: string;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: "Whether the order cannot be completed before it is done.",
  })
  required?: boolean | null;
}

@InputType({ description: "A part to be had ready." })
export class MaintenancePartInput {
  @Field(() => String, { description: "Its number in the store." })
  partNumber!: string;

  @Field(() => String, { nullable: true, description: "What it is." })
  name?: string | null;

  @Field(() => Float, { description: "How many; above 0." })
  quantity!: number;

  @Field(() => String, { nullable: true, defaultValue: "pcs", description: "The unit of the quantity." })
  unit?: string | null;
}

/** A checklist as it was asked for, with what was left out. */
export function checklistOf(items: readonly MaintenanceChecklistItemInput[] | null | undefined): NewItem[] {
  return (items ?? []).map(({ text, required }) => ({ text, required: required ?? false }));
}

/** Parts as they were asked for, with what was left out. */
export function partsOf(parts: readonly MaintenancePartInput[] | null | undefined): NewPart[] {
  return (parts ?? []).map(({ partNumber, name, quantity, unit }) => ({
    ...{ partNumber, quantity },
    name: name ?? null,
    unit: unit ?? "pcs",
  }));
}
