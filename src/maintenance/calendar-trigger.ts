import { Temporal } from "temporal-polyfill";
import { roughMs, times } from "./iso-duration.js";

/** Due at the anchor and every so often after it. */
export interface CalendarTrigger {
  readonly kind: "CALENDAR";
  /** ISO 8601 duration. Days and longer keep the time of day in the time zone; hours and shorter are exact. */
  readonly every: string;
  /** The first due time, as RFC 3339. */
  readonly anchor: string;
  readonly timeZone: string;
  /** ISO 8601 duration, about no longer than `every`: orders are made so long before they are due; null: when they are due. */
  readonly leadTime: string | null;
}

/** One due time of a calendar trigger, in ms. */
export interface CalendarDue {
  readonly dueAt: number;
  /** When its order is to be made. */
  readonly makeAt: number;
}

/** The due times of a calendar trigger: each is worked out from the anchor, so that the 31st stays the 31st. */
export class DueSeries {
  readonly #anchor: Temporal.ZonedDateTime;
  readonly #every: Temporal.Duration;
  readonly #lead: Temporal.Duration | null;

  /** @throws RangeError when the trigger holds no duration, moment or time zone. */
  constructor(trigger: CalendarTrigger) {
    this.#anchor = Temporal.Instant.from(trigger.anchor).toZonedDateTimeISO(trigger.timeZone);
    this.#every = Temporal.Duration.from(trigger.every);
    this.#lead = trigger.leadTime === null ? null : Temporal.Duration.from(trigger.leadTime);
  }

  /** @param index from 0, which is the anchor. */
  at(index: number): CalendarDue {
    const due = this.#anchor.add(times(this.#every, index));
    const make = this.#lead === null ? due : due.subtract(this.#lead);
    return { dueAt: due.epochMilliseconds, makeAt: make.epochMilliseconds };
  }

  /** The index of the first due time that is not before a moment. */
  firstFrom(moment: number): number {
    return this.#first(moment, ({ dueAt }) => dueAt >= moment);
  }

  /** The index of the first due time whose order is not yet to be made. */
  firstToMakeAfter(moment: number): number {
    const ahead = this.#lead === null ? 0 : roughMs(this.#lead);
    return this.#first(moment + ahead, ({ makeAt }) => makeAt > moment);
  }

  /** @param near about when it is due: the search begins there. */
  #first(near: number, isIt: (due: CalendarDue) => boolean): number {
    const guess = Math.floor((near - this.#anchor.epochMilliseconds) / roughMs(this.#every));
    let index = Math.max(guess, 0);
    while (index > 0 && isIt(this.at(index - 1))) index -= 1;
    while (!isIt(this.at(index))) index += 1;
    return index;
  }
}
