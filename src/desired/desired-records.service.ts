import type { LiveBus } from "../live/live-bus.js";
import type { TwinService } from "../twin/twin.service.js";
import type { DesiredMachine } from "./desired.js";
import type { DesiredBook } from "./desired-book.js";
import type { TwinTouch } from "./twin-touch.service.js";

/** The way of all that was stored, by this server or another, into memory, the twin and the live bus. */
export class DesiredRecords {
  readonly #book: DesiredBook;
  readonly #twins: TwinService;
  readonly #touch: TwinTouch;
  readonly #live: LiveBus;

  constructor(deps: { book: DesiredBook; twins: TwinService; touch: TwinTouch; live: LiveBus }) {
    this.#book = deps.book;
    this.#twins = deps.twins;
    this.#touch = deps.touch;
    this.#live = deps.live;
  }

  /** Takes over what is stored, in whatever order it comes. */
  take(stored: DesiredMachine): void {
    const changed = this.#book.put(stored);
    const twin = this.#twins.byId(stored.machineId);
    if (changed.length === 0 || !twin) return;
    const names = changed.map(({ metric }) => metric);
    this.#touch.touch(twin, names);
    this.#live.publish("desiredChanged", { id: twin.machine.id, machines: [twin.machine], changed });
  }
}
