import { ArgsType, Field, Float, Int, ObjectType, registerEnumType } from "type-graphql";
import { Downtime } from "../downtime/downtime.types.js";
import { enumOf } from "../graphql/enums.js";
import { GraphQLDateTime, GraphQLEquipmentPath, GraphQLSafeInt } from "../graphql/scalars.js";
import { MOST_DAYS } from "./kpi-range.js";
import { KPI_FINALITIES, type KpiFinality } from "./kpi-report.js";
import { LOSS_KINDS, type LossKind } from "./losses.js";

const KpiFinalityEnum = enumOf(KPI_FINALITIES);
registerEnumType(KpiFinalityEnum, {
  name: "KpiFinality",
  description: "Whether figures may still change.",
  valuesConfig: {
    PROVISIONAL: { description: "The range is open, or late data may still change it." },
    FINAL: {
      description:
        "The range ended longer ago than late data may take, and nothing of it is open. A correction still restates it.",
    },
  },
});

const KpiLossKindEnum = enumOf(LOSS_KINDS);
registerEnumType(KpiLossKindEnum, {
  name: "KpiLossKind",
  description: "What a part of the time was lost to, or won for.",
  valuesConfig: {
    CALENDAR_TIME: { description: "All of the range, of all machines: the root." },
    NOT_PLANNED: {
      description: "Outside the calendar's busy time, and no production, set-up or maintenance.",
    },
    OFF_SHIFT: { description: "Of it: no shift took place." },
    HOLIDAY: { description: "Of it: holidays." },
    BREAK: { description: "Of it: breaks." },
    PLANNED_STOP: { description: "Of it: planned stops." },
    PLANNED_DOWN: { description: "Planned maintenance, and downtimes that were classified as planned." },
    BUSY: {
      description: "Planned busy time and overtimeMs.",
    },
    UNALLOCATED: { description: "Nothing was asked of the machine: no operation ran." },
    SETUP: { description: "Set-up and changeover." },
    DOWN: { description: "Down." },
    DELAY: { description: "An operation ran, but the machine did not produce and was not down." },
    MICRO_STOPS: { description: "Downtimes shorter than the machine type's limit." },
    REASON: { description: "Downtimes of one reason; without a reason, those that nobody has given one." },
    DOWNTIME: { description: "A single downtime." },
    PRODUCTION: { description: "Production." },
    SPEED_LOSS: {
      description:
        "Of it: what was lost by running slower than the ideal cycle; below 0 where machines were faster.",
    },
    QUALITY_LOSS: { description: "Of it: the ideal time of scrap." },
    PRODUCTIVE: { description: "Of it: the ideal time of good pieces." },
    UNRATED: { description: "Of it: machines that made something without an ideal cycle time." },
  },
});

@ObjectType({
  description: "A branch of the loss tree. The branches right below one add up exactly to it.",
  simpleResolvers: true,
})
export class KpiLoss {
  @Field(() => String, { description: "Unique in this tree." })
  key!: string;

  @Field(() => String, { nullable: true, description: "The branch that it is a part of; null at the root." })
  parentKey!: string | null;

  @Field(() => KpiLossKindEnum, { description: "What it is." })
  kind!: LossKind;

  @Field(() => String, { nullable: true, description: "Of REASON and DOWNTIME: the reason that was given." })
  reason!: string | null;

  @Field(() => Downtime, {
    nullable: true,
    description: "Of DOWNTIME: the whole downtime, which may reach beyond the range.",
  })
  downtime?: object | null;

  @Field(() => GraphQLSafeInt, { description: "How long it was, in milliseconds." })
  durationMs!: number;

  @Field(() => Float, { nullable: true, description: "Its share of the root." })
  share!: number | null;

  @Field(() => Int, { description: "How many downtimes are in it." })
  downtimeCount!: number;
}

@ObjectType({ description: "Energy by counters of one unit.", simpleResolvers: true })
export class KpiEnergy {
  @Field(() => String, { nullable: true, description: "The unit that the machine types declare." })
  unit!: string | null;

  @Field(() => Float, { description: "By how much the counters with the role ENERGY grew." })
  amount!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      "By the good quantity of the machines that have such a counter; null when they made nothing good.",
  })
  perGoodPiece!: number | null;
}

@ObjectType({ description: "The shift that figures are about.", simpleResolvers: true })
export class KpiShift {
  @Field(() => String, { description: "As the calendar calls it." })
  name!: string;

  @Field(() => String, { description: "The local date on which it starts, such as 2026-03-29." })
  date!: string;

  @Field(() => GraphQLDateTime, { description: "Its beginning." })
  from!: number;

  @Field(() => GraphQLDateTime, { description: "Its end, in the future while it takes place." })
  to!: number;
}

@ObjectType({
  description:
    "KPIs by ISO 22400-2, computed from facts: late data and corrections restate them. Ratios are never capped, and null when a denominator is zero.",
})
export class KpiReport {
  @Field(() => GraphQLDateTime, { description: "The beginning of the range." })
  from!: number;

  @Field(() => GraphQLDateTime, { description: "The end of the range, never in the future." })
  to!: number;

  @Field(() => KpiShift, { nullable: true, description: "The shift that it is about; null when it is none." })
  shift!: object | null;

  @ratio("Overall equipment effectiveness: availability x effectiveness x qualityRatio.")
  oee!: number | null;

  @ratio("Actual production time / planned busy time.")
  availability!: number | null;

  @ratio(
    "Planned run time per unit x produced quantity / actual production time. Null if an operation made something without an ideal cycle time; what was made between operations without one is left out.",
  )
  effectiveness!: number | null;

  @ratio("Good quantity / produced quantity.")
  qualityRatio!: number | null;

  @ratio("Actual unit processing time / planned busy time x effectiveness x qualityRatio.")
  netEquipmentEffectiveness!: number | null;

  @ratio("Actual production time / actual unit busy time.")
  utilizationEfficiency!: number | null;

  @ratio("Actual unit busy time / planned busy time.")
  allocationEfficiency!: number | null;

  @ratio("Actual production time / (actual production time + actual delay time).")
  technicalEfficiency!: number | null;

  @ratio("Actual set-up time / actual unit processing time.")
  setupRatio!: number | null;

  @ratio("Scrap quantity / produced quantity.")
  scrapRatio!: number | null;

  @ratio(
    "Equals qualityRatio: good by produced quantity. Rework is not recorded, so each piece counts as inspected once, with what it was found to be in the end.",
  )
  firstPassYield!: number | null;

  @ratio(
    "Produced quantity per hour of order execution time; of an order what its last operation made, of a group per hour of one machine.",
  )
  throughputPerHour!: number | null;

  @ratio("Mean time between failures, in milliseconds: mttfMs + mttrMs.")
  mtbfMs!: number | null;

  @ratio("Mean time to failure, in milliseconds: actual production time / failures.")
  mttfMs!: number | null;

  @ratio("Mean time to restore, in milliseconds: down time of failures / failures.")
  mttrMs!: number | null;

  @Field(() => Int, {
    description:
      "Unbroken stretches of down time within the range, micro-stops left out. A break or the end of a shift ends one.",
  })
  failureCount!: number;

  @Field(() => Float, { description: "What was made well. Of a group or an order the sum of all machines." })
  goodQuantity!: number;

  @Field(() => Float, { description: "What was spoilt, likewise." })
  scrapQuantity!: number;

  @Field(() => Float, { description: "Good and spoilt together." })
  producedQuantity!: number;

  @time("The whole range, of all machines; of an operation or order, the time in which operations ran.")
  calendarTimeMs!: number;

  @time(
    "Actual production time (APT): EXECUTE with a running operation; without one where the machine type has an ideal cycle time.",
  )
  actualProductionTimeMs!: number;

  @time("Actual unit set-up time (AUST).")
  actualSetupTimeMs!: number;

  @time("Actual unit delay time (ADET): an operation ran, and the machine neither produced nor was down.")
  actualDelayTimeMs!: number;

  @time("Actual unit down time (ADOT).")
  actualDownTimeMs!: number;

  @time("Actual unit processing time (AUPT): production and set-up.")
  actualProcessingTimeMs!: number;

  @time("Actual unit busy time (AUBT): processing, delay and down time.")
  actualBusyTimeMs!: number;

  @time("Planned busy time (PBT): busy time of the calendar less planned down time within it.")
  plannedBusyTimeMs!: number;

  @time("Planned maintenance, and downtimes that were classified as planned.")
  plannedDownTimeMs!: number;

  @time("Outside the calendar's busy time, and no production, set-up or maintenance.")
  notPlannedTimeMs!: number;

  @time("Within the calendar's busy time, but no operation ran.")
  unallocatedTimeMs!: number;

  @time("Production, set-up, delay and down time outside the calendar's busy time.")
  overtimeMs!: number;

  @time("Order execution time: while operations ran; of an operation or order, from its start to its end.")
  orderExecutionTimeMs!: number;

  @Field(() => KpiFinalityEnum, {
    description: "PROVISIONAL while the range is open or late data may still change it.",
  })
  finality?: KpiFinality;

  @Field(() => [String], { description: "Why a figure is missing, or leaves something out." })
  notes!: readonly string[];

  @Field(() => [KpiEnergy], {
    description:
      "What the machines' counters with the role ENERGY tell, by unit; of an operation, from its start to its end; of an order, what its operations have in common once.",
    complexity: 500,
  })
  energy?: object[];
}

@ArgsType()
export class KpiArgs {
  @Field(() => GraphQLDateTime, {
    description: `The beginning, included; in the past, and at most ${MOST_DAYS} days before the end.`,
  })
  from!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "The end, excluded; the present when left out or in the future.",
  })
  to?: Date | null;
}

@ArgsType()
export class KpiChangedArgs {
  @Field(() => GraphQLEquipmentPath, { description: "The machine or group." })
  path!: string;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "Since when; without it the shift that takes place now, or else the latest one.",
  })
  from?: Date | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Only shifts of this name: the latest that has begun, until its end. It is refused when none has lately.",
  })
  shift?: string | null;
}

/** A figure that is null when a denominator is zero. */
function ratio(description: string): PropertyDecorator {
  return Field(() => Float, { nullable: true, description });
}

function time(description: string): PropertyDecorator {
  return Field(() => GraphQLSafeInt, { description: `${description} In milliseconds.` });
}
