import type { Clock } from "../kernel/clock.js";
import { newId } from "../kernel/ids.js";
import type { Sql } from "../kernel/sql.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Facts, FactWriter } from "../twin/facts.js";
import { type Alarm, type AlarmEvent, afterTurn, isOpen, type Shelf, withoutMaintenance } from "./alarm.js";
import type { AlarmStore } from "./alarm.store.js";
import type { AlarmFact, AlarmTurn } from "./alarm-fact.js";

const NOTHING = () => undefined;

/** What a batch says of one condition: how it is at the end, and what turned on the way. */
interface Folded {
  readonly last: AlarmFact;
  readonly turns: readonly AlarmTurn[];
}

/** Writes what became of alarms with the samples that prove it. What is stored decides: the same facts again change nothing. */
export class AlarmWriter implements FactWriter {
  readonly #store: AlarmStore;
  readonly #live: LiveBus;
  readonly #clock: Clock;

  constructor(deps: { store: AlarmStore; live: LiveBus; clock: Clock }) {
    this.#store = deps.store;
    this.#live = deps.live;
    this.#clock = deps.clock;
  }

  async write(sql: Sql, { alarms: facts }: Facts): Promise<() => void> {
    if (facts.length === 0) return NOTHING;
    const folded = fold(facts);
    await this.#store.saveConditions(
      sql,
      folded.map(({ last }) => last),
    );
    const turned = folded.filter(({ turns }) => turns.length > 0);
    if (turned.length === 0) return NOTHING;
    const now = this.#clock.now();
    const keys = turned.map(({ last }) => ({ machineId: last.machine.id, code: last.code }));
    const open = byKey(await this.#store.lockOpen(sql, keys));
    const shelves = byKey(await this.#store.shelves(sql, keys, new Date(now)));
    const changed = new Map<string, Alarm>();
    const events = new Map<string, AlarmEvent>();
    const told: { id: string; fact: AlarmFact }[] = [];
    for (const { last, turns } of turned) {
      const key = { machineId: last.machine.id, code: last.code };
      const shelf = shelves.get(keyOf(key)) ?? null;
      for (const alarm of this.#turn(open.get(keyOf(key)) ?? null, turns, key, shelf, events)) {
        changed.set(alarm.id, alarm);
        if (shelf === null) told.push({ id: alarm.id, fact: last });
      }
    }
    await this.#store.save(sql, [...changed.values()]);
    await this.#store.log(sql, [...events.values()]);
    return () => {
      for (const { id, fact } of told) this.#live.publish("alarmChanged", { id, machines: [fact.machine] });
    };
  }

  /** Applies turns in their order. @returns the alarms that they changed, each as they left it. */
  #turn(
    before: Alarm | null,
    turns: readonly AlarmTurn[],
    key: { readonly machineId: string; readonly code: string },
    shelf: Shelf | null,
    events: Map<string, AlarmEvent>,
  ): Iterable<Alarm> {
    const changed = new Map<string, Alarm>();
    let open = before;
    for (const turn of turns) {
      const change = afterTurn(open, turn, { id: newId(this.#clock.now()), ...key });
      if (change === null) continue;
      const hidden = shelf !== null && turn.kind === "CLEARED";
      const alarm = hidden ? withoutMaintenance(change.alarm) : change.alarm;
      changed.set(alarm.id, alarm);
      count(events, change.event);
      open = isOpen(alarm) ? alarm : null;
    }
    return changed.values();
  }
}

function fold(facts: readonly AlarmFact[]): Folded[] {
  const folded = new Map<string, { last: AlarmFact; turns: AlarmTurn[] }>();
  for (const fact of facts) {
    const key = keyOf({ machineId: fact.machine.id, code: fact.code });
    const known = folded.get(key) ?? { last: fact, turns: [] };
    known.last = fact;
    if (fact.turn) known.turns.push(fact.turn);
    folded.set(key, known);
  }
  return [...folded.values()];
}

/** One line for all events of a kind. */
function count(events: Map<string, AlarmEvent>, event: AlarmEvent): void {
  const key = `${event.alarmId} ${event.kind}`;
  const before = events.get(key)?.count ?? 0;
  events.set(key, { ...event, count: before + event.count });
}

function byKey<Item extends { readonly machineId: string; readonly code: string }>(
  items: readonly Item[],
): Map<string, Item> {
  return new Map(items.map((item) => [keyOf(item), item]));
}

function keyOf({ machineId, code }: { readonly machineId: string; readonly code: string }): string {
  return `${machineId} ${code}`;
}
