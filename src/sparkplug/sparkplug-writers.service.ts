import {
  CommandRefused,
  type CommandTransport,
  type OutgoingCommand,
} from "../commands/command-transport.js";
import type { DesiredDelta, DesiredWriter } from "../desired/desired-writer.js";
import type { Route } from "../twin/twin-model.js";
import { type MachineWrite, WriteRefused } from "./machine-write.js";

/** Writes metrics of machines of a source. Rejects with WriteRefused, or because the broker did not take it. */
export type WriteMetrics = (source: string, path: string, writes: readonly MachineWrite[]) => Promise<void>;

/** Desired values as NCMD and DCMD. Sparkplug has no acknowledgement: the metric's report settles a value. */
export class SparkplugDesiredWriter implements DesiredWriter {
  readonly #write: WriteMetrics;

  constructor(deps: { write: WriteMetrics }) {
    this.#write = deps.write;
  }

  async write({ route, machine, metrics }: DesiredDelta): Promise<void> {
    if (metrics.length > 0) await this.#write(route.source, machine.path, metrics);
  }
}

/** Commands as NCMD and DCMD: they write metrics, and are proved by what the machine reports. */
export class SparkplugCommandTransport implements CommandTransport {
  readonly #write: WriteMetrics;

  constructor(deps: { write: WriteMetrics }) {
    this.#write = deps.write;
  }

  topicOf({ deviceTopic }: Route): string {
    const [namespace, group, edgeNode, device] = deviceTopic.split("/");
    return device === undefined
      ? `${namespace}/${group}/NCMD/${edgeNode}`
      : `${namespace}/${group}/DCMD/${edgeNode}/${device}`;
  }

  problemOf({ confirm, writes }: Parameters<CommandTransport["problemOf"]>[0]): string | null {
    if (writes.length === 0)
      return "the machine speaks Sparkplug, which knows writes of metrics only: give the command writes";
    if (confirm === "reply")
      return "the machine speaks Sparkplug, which knows no replies: confirm the command by echo or state";
    return null;
  }

  async send({ machine, route, writes }: OutgoingCommand): Promise<void> {
    try {
      await this.#write(route.source, machine.path, writes);
    } catch (error) {
      if (error instanceof WriteRefused) throw new CommandRefused(error.message, { final: error.final });
      throw error;
    }
  }
}
