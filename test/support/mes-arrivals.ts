import { Dice } from "./mes-dice.js";
import type { Story, Telegram } from "./mes-story.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface Arrival {
  readonly path: string;
  readonly telegram: Telegram;
  /** Only after questions about its time were answered. */
  readonly late: boolean;
}

/** Telegrams of all machines in the order in which they arrive: in disorder, some twice, some up to a day late. */
export function arrivalsOf(story: Story, seed: number): Arrival[] {
  const dice = new Dice(seed);
  const arrivals: (Arrival & { at: number })[] = [];
  for (const { path, telegrams, silences } of story.machines) {
    const outages = outagesOf(story, dice);
    for (const telegram of telegrams) {
      const { ts } = telegram;
      const outage = outages.find(({ from, to }) => from <= ts && ts < to);
      const delay = dice.chance(0.1) ? dice.between(0, 10 * MINUTE) : 0;
      const at = outage ? outage.to + dice.between(0, MINUTE) : ts + delay;
      const late = silences.some(({ from, to }) => from <= ts && ts < to);
      arrivals.push({ at, path, telegram, late });
      if (dice.chance(0.02)) arrivals.push({ at: at + dice.between(0, 12 * HOUR), path, telegram, late });
    }
  }
  return arrivals.sort((a, b) => a.at - b.at);
}

/** When a machine cannot send: what it says then comes afterwards, in any order. */
function outagesOf({ from, to }: Story, dice: Dice): { from: number; to: number }[] {
  const outages: { from: number; to: number }[] = [];
  for (let at = from + dice.around(5 * DAY); at < to; at += dice.around(6 * DAY)) {
    const end = at + dice.between(10 * MINUTE, 23 * HOUR);
    outages.push({ from: at, to: end });
    at = end;
  }
  return outages;
}
