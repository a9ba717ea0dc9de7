import { ArgsType, Field, ID, InputType, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { Node } from "../graphql/node.types.js";
import { connectionTypes, PageArgs } from "../graphql/pagination.js";
import { GraphQLDateTime, GraphQLEquipmentPath, GraphQLSafeInt } from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";
import { MaintenanceOrder } from "../maintenance/maintenance.types.js";
import { Operation } from "../orders/order.types.js";
import { DOWNTIME_CATEGORIES, type DowntimeCategory } from "../plant/downtime-settings.js";
import type { MachineState } from "../twin/packml.js";
import { Machine, MachineStateEnum } from "../twin/twin.types.js";
import { CLASSIFIERS, type ClassifiedBy } from "./downtime.js";

const DowntimeCategoryEnum = enumOf(DOWNTIME_CATEGORIES);
registerEnumType(DowntimeCategoryEnum, {
  name: "DowntimeCategory",
  description: "What a downtime counts as.",
  valuesConfig: {
    UNPLANNED: { description: "Nobody wanted it: it counts as down time." },
    PLANNED: { description: "It was meant to be: it does not count as planned busy time." },
    CHANGEOVER: { description: "The machine was set up: it counts as set-up time." },
    UNCLASSIFIED: { description: "Nobody and nothing has said yet: it counts as the machine's state tells." },
  },
});

const ClassifiedByEnum = enumOf(CLASSIFIERS);
registerEnumType(ClassifiedByEnum, {
  name: "DowntimeClassifiedBy",
  description: "What a downtime has its category from.",
  valuesConfig: {
    DERIVED: { description: "The machine's state and mode, and maintenance in progress." },
    FAULT: { description: "A fault code of the machine that its type maps to a reason." },
    OPERATOR: { description: "Someone said so." },
  },
});

@ObjectType({ description: "Why machines of a type stand still: a node of the tree to choose from." })
export class DowntimeReason {
  @Field(() => String, { description: "For classifyDowntime; unique in the tree." })
  code!: string;

  @Field(() => String, { description: "For people." })
  name!: string;

  @Field(() => DowntimeCategoryEnum, {
    nullable: true,
    description: "What a downtime with this reason counts as; null: whoever classifies says.",
  })
  category!: DowntimeCategory | null;

  @Field(() => [DowntimeReason], { description: "What it can be in particular." })
  children!: readonly object[];
}

@ObjectType({ description: "What someone said of a stretch of a machine's time.", simpleResolvers: true })
export class DowntimeClassification {
  @Field(() => GraphQLDateTime, { description: "The beginning of the stretch." })
  from!: number;

  @Field(() => GraphQLDateTime, {
    description: "The end of the stretch; of a downtime that lasted, the moment at which it was said.",
  })
  to!: number;

  @Field(() => DowntimeCategoryEnum, {
    description: "What it counts as; UNCLASSIFIED takes back what was said before.",
  })
  category!: DowntimeCategory;

  @Field(() => String, { nullable: true, description: "The reason given." })
  reason!: string | null;

  @Field(() => String, { nullable: true, description: "As it was written." })
  comment!: string | null;

  @Field(() => String, { description: "Who said it." })
  statedBy!: string;

  @Field(() => GraphQLDateTime, { description: "When it was said." })
  statedAt!: Date;
}

@ObjectType({
  description:
    "A stretch of planned busy time in which a machine did not produce: it was down, delayed, being set up, or stopped as planned. Downtimes never overlap; they follow from what is known of the machine, so that late data may change them.",
  implements: [Node],
})
export class Downtime {
  id!: string;

  @Field(() => Machine, { description: "The machine that stood still." })
  machine?: object;

  @Field(() => GraphQLDateTime, { description: "When it began, by the machine's clock." })
  from!: number;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it ended; null while it lasts." })
  to!: number | null;

  @Field(() => GraphQLSafeInt, { description: "How long it was, or has been so far, in milliseconds." })
  durationMs!: number;

  @Field(() => MachineStateEnum, { description: "The state that it began with." })
  state!: MachineState;

  @Field(() => DowntimeCategoryEnum, { description: "What it counts as." })
  category!: DowntimeCategory;

  @Field(() => String, {
    nullable: true,
    description:
      "Why it was: a code of the machine type's reasons where it has any, otherwise what someone wrote; null: nobody has said.",
  })
  reason!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The reason's name in the machine type's tree; null when it is none of them.",
  })
  reasonName?: string | null;

  @Field(() => String, { nullable: true, description: "What was written about it with the reason." })
  comment!: string | null;

  @Field(() => ClassifiedByEnum, { description: "What it has its category from." })
  classifiedBy!: ClassifiedBy;

  @Field(() => Boolean, {
    description: "Whether it is shorter than the machine type's limit; so far, while it lasts.",
  })
  microStop!: boolean;

  @Field(() => String, {
    nullable: true,
    description: "The first fault code that the machine told during it.",
  })
  fault!: string | null;

  @Field(() => Boolean, {
    description:
      "True only in downtimeChanged, where it is a downtime no longer: late data, a step booked afterwards, a change of the calendar or a merge has taken it away.",
  })
  removed!: boolean;

  @Field(() => Operation, {
    nullable: true,
    description: "The first operation that ran on the machine during it; null when none did.",
  })
  operation?: object | null;

  @Field(() => MaintenanceOrder, {
    nullable: true,
    description: "The first maintenance order that was in progress during it; null when none was.",
  })
  maintenanceOrder?: object | null;

  @Field(() => [DowntimeClassification], {
    description: "All that people ever said of its time, oldest first; the last one counts.",
  })
  classifications?: object[];
}

export const { Connection: DowntimeConnection } = connectionTypes("Downtime", () => Downtime);

@ArgsType()
export class MachineDowntimesArgs extends PageArgs {
  @Field(() => GraphQLDateTime, { description: "The beginning of the range." })
  from!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: "The end of the range; null: now." })
  to?: Date | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: "Only downtimes that are at least so long, in milliseconds.",
  })
  minDurationMs?: number | null;

  @Field(() => [DowntimeCategoryEnum], {
    nullable: true,
    description: "Only downtimes of one of these categories.",
  })
  category?: DowntimeCategory[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True: only micro-stops; false: only the others; null: all.",
  })
  microStops?: boolean | null;
}

@ArgsType()
export class DowntimesArgs extends MachineDowntimesArgs {
  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description: "Only downtimes of machines at or below this path.",
  })
  under?: string | null;
}

@ArgsType()
export class DowntimeRangeArgs {
  @Field(() => GraphQLDateTime, { description: "The beginning of the range." })
  from!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: "The end of the range; null: now." })
  to?: Date | null;
}

@ArgsType()
export class DowntimeChangedArgs {
  @Field(() => GraphQLEquipmentPath, {
    nullable: true,
    description: "Only downtimes of machines at or below this path.",
  })
  under?: string | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "Only downtimes that touch the time since then, at most 31 days ago: first all there are, then each as it changes. Null: since a day ago, and only changes come.",
  })
  since?: Date | null;
}

@InputType({ description: "What a downtime was." })
export class ClassifyDowntimeInput {
  @Field(() => ID, { description: "The downtime's global id." })
  id!: string;

  @Field(() => DowntimeCategoryEnum, {
    description: "What it counts as; UNCLASSIFIED takes back what was said before.",
  })
  category!: DowntimeCategory;

  @Field(() => String, {
    description:
      "Why it was: a code of the machine type's reasons where it has any, otherwise any text; empty with UNCLASSIFIED.",
  })
  reason!: string;

  @Field(() => String, { nullable: true, description: "Kept with it." })
  comment?: string | null;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@InputType({ description: "A downtime to be parted in two." })
export class SplitDowntimeInput {
  @Field(() => ID, { description: "The downtime's global id." })
  id!: string;

  @Field(() => GraphQLDateTime, { description: "Where the second part begins, within the downtime." })
  at!: Date;

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@InputType({ description: "Downtimes of a machine that are to become one." })
export class MergeDowntimesInput {
  @Field(() => [ID], {
    description:
      "The global ids of downtimes that follow each other without a gap. Of those that are classified, the first named here tells what all of it counts as.",
  })
  ids!: string[];

  @Field(() => String, { nullable: true, description: "Makes sending it twice harmless." })
  idempotencyKey?: string | null;
}

@ObjectType({ description: "What became of downtimes." })
export class DowntimePayload {
  @Field(() => Downtime, {
    nullable: true,
    description:
      "The downtime as it is now, after a split its first part; null when nothing was done, or when late data has taken it away since.",
  })
  downtime!: object | null;

  @Field(() => [Downtime], {
    description: "All that came of it, oldest first: after a split both parts.",
  })
  downtimes!: readonly object[];

  @Field(() => [UserError], { description: "Why it was not done; empty when it was." })
  userErrors!: readonly object[];
}
