/**
 * What happened in a simulated plant: all that a server is told of it, and all that an oracle computes from. What is
 * `late` is told only after the server has answered questions about its time.
 */
export interface Story {
  readonly from: number;
  readonly to: number;
  readonly machines: readonly MachineStory[];
  /** Planned while the server runs; `path` is a machine or a group. */
  readonly stops: readonly StopStory[];
}

export interface StopStory {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly late: boolean;
}

export interface MachineStory {
  readonly path: string;
  /** Its type has an ideal cycle time, and it produces without orders. */
  readonly free: boolean;
  readonly calendar: StoryCalendar;
  /** Where its counter of good pieces begins again at 0; null where it is far away. */
  readonly rollOver: number | null;
  /** Of its energy counter; null where it has none. */
  readonly energyUnit: string | null;
  /** In the order of their times, each time once. */
  readonly telegrams: readonly Telegram[];
  /** What it says then is late. */
  readonly silences: readonly { readonly from: number; readonly to: number }[];
  /** Operations on it, in the order of their times. */
  readonly runs: readonly RunStory[];
  readonly maintenance: readonly MaintenanceStory[];
}

/** What a machine says at one moment; what it leaves out is as before. */
export interface Telegram {
  readonly ts: number;
  readonly state?: string;
  readonly mode?: string;
  readonly fault?: string;
  readonly good?: number;
  readonly reject?: number;
  readonly energy?: number;
}

/** An operation of an order. */
export interface RunStory {
  readonly order: string;
  readonly sequence: number;
  /** It may begin before the one before it is complete. */
  readonly overlap: boolean;
  readonly idealCycleTimeMs: number;
  /** Start, hold, resume, ..., complete; each later than the one before. */
  readonly steps: readonly {
    readonly at: number;
    readonly action: "start" | "hold" | "resume" | "complete";
  }[];
  /** What people say was made; null where the machine counts. */
  readonly reports: readonly ReportStory[] | null;
  readonly late: boolean;
}

export interface ReportStory {
  readonly at: number;
  readonly good: number;
  readonly scrap: number;
  readonly scrapReason: string | null;
}

export type MaintenanceKind = "CORRECTIVE" | "PREVENTIVE" | "PREDICTIVE" | "INSPECTION";

export interface MaintenanceStory {
  readonly kind: MaintenanceKind;
  /** From start to completion; null where nobody has begun with it. */
  readonly work: { readonly from: number; readonly to: number } | null;
  readonly dueAt: number | null;
  /** That people say they spent, from the start on. */
  readonly workedMinutes: number;
  readonly late: boolean;
}

/** Local times as `HH:MM`; weekdays 0 (Sunday) to 6. */
export interface StoryCalendar {
  readonly name: string;
  readonly shifts: readonly {
    readonly name: string;
    readonly start: string;
    readonly end: string;
    readonly weekdays: readonly number[];
    readonly breaks: readonly { readonly start: string; readonly end: string }[];
  }[];
  /** Dates. */
  readonly holidays: readonly string[];
}

export const TIME_ZONE = "Europe/Berlin";
/** Of the types that have one. */
export const FREE_IDEAL_MS = 3_650.5;
export const MICRO_STOP_MS = 45_000;
/** What the machine types make of fault codes. */
export const FAULT_REASONS: Readonly<Record<string, string>> = { JAM: "jam", REFILL: "refill" };
/** The reasons of all machine types with the category that they stand for; null: whoever classifies says. */
export const REASON_CATEGORIES: Readonly<Record<string, "UNPLANNED" | "PLANNED" | null>> = {
  jam: "UNPLANNED",
  refill: "PLANNED",
  other: null,
};

const ALL_DAYS = [0, 1, 2, 3, 4, 5, 6];
const WORKDAYS = [1, 2, 3, 4, 5];

export const CALENDARS: readonly StoryCalendar[] = [
  {
    name: "three-shift",
    shifts: [
      {
        name: "Early",
        start: "06:00",
        end: "14:00",
        weekdays: ALL_DAYS,
        breaks: [{ start: "09:30", end: "10:00" }],
      },
      {
        name: "Late",
        start: "14:00",
        end: "22:00",
        weekdays: ALL_DAYS,
        breaks: [{ start: "18:00", end: "18:30" }],
      },
      {
        name: "Night",
        start: "22:00",
        end: "06:00",
        weekdays: ALL_DAYS,
        breaks: [
          { start: "23:50", end: "00:10" },
          { start: "02:15", end: "02:45" },
        ],
      },
    ],
    holidays: ["2025-10-31", "2026-04-03"],
  },
  {
    name: "weekdays",
    shifts: [
      { name: "Long", start: "20:30", end: "02:30", weekdays: [...WORKDAYS, 6], breaks: [] },
      { name: "Short", start: "02:30", end: "03:30", weekdays: [0, ...WORKDAYS], breaks: [] },
      {
        // Named like one of the other calendar: groups have both as one.
        name: "Early",
        start: "07:15",
        end: "16:45",
        weekdays: WORKDAYS,
        breaks: [{ start: "12:00", end: "12:45" }],
      },
    ],
    holidays: ["2025-10-31", "2026-04-03", "2026-04-06"],
  },
];
