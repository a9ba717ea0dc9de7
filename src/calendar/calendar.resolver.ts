import { Arg, Args, Ctx, FieldResolver, Mutation, Resolver, Root } from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import { badInput } from "../graphql/pagination.js";
import { globalId, keyOfGlobalId } from "../kernel/ids.js";
import type { Interval } from "../kernel/intervals.js";
import type { Equipment as EquipmentNode } from "../plant/equipment.js";
import type { Plant } from "../plant/plant.js";
import { Equipment } from "../plant/plant.types.js";
import { groupValue } from "../plant/plant-view.js";
import type { TwinService } from "../twin/twin.service.js";
import type { ShiftInstance } from "./calendar.js";
import type { CalendarService, PlannedStopResult } from "./calendar.service.js";
import {
  CalendarRangeArgs,
  CancelPlannedStopInput,
  PlannedStop,
  PlannedStopPayload,
  PlanStopInput,
  Shift,
} from "./calendar.types.js";
import type { PlannedStop as PlannedStopRow } from "./planned-stop.js";

const LONGEST_RANGE_MS = 400 * 86_400_000;

/** What calendars add to machines and groups, and the planned stops of people. */
@Resolver(() => Equipment)
export class CalendarResolver {
  readonly #calendar: CalendarService;
  readonly #plant: Plant;
  readonly #twins: TwinService;

  constructor(deps: { calendar: CalendarService; plant: Plant; twins: TwinService }) {
    this.#calendar = deps.calendar;
    this.#plant = deps.plant;
    this.#twins = deps.twins;
  }

  @FieldResolver(() => [Shift], {
    description:
      "The shifts that take place at some time of a range, whole, oldest first; none without a calendar. The calendar is that of the equipment, or of the nearest above that has one.",
  })
  shifts(
    @Root() { equipment }: { equipment: EquipmentNode },
    @Args(() => CalendarRangeArgs) args: CalendarRangeArgs,
  ): object[] {
    return this.#calendar.shifts(equipment, rangeOf(args)).map(shiftValue);
  }

  @FieldResolver(() => Shift, {
    nullable: true,
    description: "The shift that takes place now; null between shifts, on holidays and without a calendar.",
  })
  currentShift(@Root() { equipment }: { equipment: EquipmentNode }): object | null {
    const shift = this.#calendar.currentShift(equipment);
    return shift && shiftValue(shift);
  }

  @FieldResolver(() => [PlannedStop], {
    description:
      "The planned stops that hold for the equipment at some time of a range, by their beginning: those of its calendar, and those that were planned for it or for equipment above.",
  })
  async plannedStops(
    @Root() { equipment }: { equipment: EquipmentNode },
    @Args(() => CalendarRangeArgs) args: CalendarRangeArgs,
  ): Promise<object[]> {
    const stops = await this.#calendar.plannedStops(equipment, rangeOf(args));
    return stops.map(({ from, to, value, planned }) =>
      planned
        ? this.#stopValue(planned)
        : {
            id: null,
            equipment: this.#view(equipment),
            from: new Date(from),
            to: new Date(to),
            reason: value,
            plannedBy: null,
            cancelledAt: null,
          },
    );
  }

  @Mutation(() => PlannedStopPayload, {
    description:
      "Plans a stop of equipment and all below it: within shifts, this time is not planned to be busy.",
  })
  async planStop(
    @Arg("input", () => PlanStopInput, { description: "The stop." })
    { idempotencyKey, ...input }: PlanStopInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#payload(await this.#calendar.planStop(callerOf(context, idempotencyKey), input));
  }

  @Mutation(() => PlannedStopPayload, {
    description: "Takes a planned stop back, as if it had never been planned.",
  })
  async cancelPlannedStop(
    @Arg("input", () => CancelPlannedStopInput, { description: "The stop." })
    { id, idempotencyKey }: CancelPlannedStopInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const caller = callerOf(context, idempotencyKey);
    const key = keyOfGlobalId("PlannedStop", id);
    return this.#payload(await this.#calendar.cancelPlannedStop(caller, key ?? ""));
  }

  #payload({ stop, userErrors }: PlannedStopResult): PlannedStopPayload {
    return { plannedStop: stop && this.#stopValue(stop), userErrors };
  }

  #stopValue({ id, equipmentId, ...stop }: PlannedStopRow): object {
    const equipment = this.#plant.byId(equipmentId);
    if (!equipment) throw new Error(`a planned stop belongs to the unknown equipment ${equipmentId}`);
    return { ...stop, id: globalId("PlannedStop", id), equipment: this.#view(equipment) };
  }

  #view(equipment: EquipmentNode): object {
    return equipment.level === "MACHINE" ? this.#twins.of(equipment).view : groupValue(equipment);
  }
}

function callerOf(context: GraphQLContext, idempotencyKey: string | null | undefined) {
  return { principal: context.principal.name, idempotencyKey: idempotencyKey ?? null };
}

function rangeOf({ from, to }: CalendarRangeArgs): Interval {
  const range = { from: from.getTime(), to: to.getTime() };
  if (range.to <= range.from) throw badInput("to must be after from", ["to"]);
  if (range.to - range.from > LONGEST_RANGE_MS) throw badInput("the range has more than 400 days", ["to"]);
  return range;
}

function shiftValue({ name, date, from, to, breaks }: ShiftInstance): object {
  return {
    ...{ name, date, from: new Date(from), to: new Date(to) },
    breaks: breaks.map((one) => ({ name: one.value, from: new Date(one.from), to: new Date(one.to) })),
  };
}
