import type { SourceService } from "../ingest/source.service.js";
import { messageOf } from "../kernel/result.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { EdgeNodeView } from "./host-session.service.js";
import type { MetricChangeRow, SparkplugStore } from "./sparkplug.store.js";
import { SparkplugConsumer } from "./sparkplug-consumer.service.js";
import type { EdgeNodeId } from "./sparkplug-topic.js";

/** Which edge nodes; null does not restrict. */
export interface EdgeNodeFilter {
  readonly group: string | null;
  readonly edgeNode: string | null;
}

/** What a rebirth that somebody asked for came to. */
export interface RebirthOutcome {
  /** The node as it was when it was asked; null when it was not. */
  readonly node: EdgeNodeView | null;
  readonly userErrors: readonly UserErrorValue[];
}

/** What people may ask of edge nodes. */
export class SparkplugService {
  readonly #sources: Pick<SourceService, "byName">;
  readonly #store: SparkplugStore;

  constructor(deps: { sources: Pick<SourceService, "byName">; store: SparkplugStore }) {
    this.#sources = deps.sources;
    this.#store = deps.store;
  }

  /** The first edge nodes of a source; null where there is no such source, or it is none of Sparkplug. */
  edgeNodes(source: string, { group, edgeNode }: EdgeNodeFilter, first: number): EdgeNodeView[] | null {
    const consumer = this.#sources.byName(source);
    if (!(consumer instanceof SparkplugConsumer)) return null;
    const found: EdgeNodeView[] = [];
    for (const node of consumer.host?.edgeNodes() ?? []) {
      if (found.length >= first) break;
      if ((group ?? node.group) === node.group && (edgeNode ?? node.edgeNode) === node.edgeNode)
        found.push(node);
    }
    return found;
  }

  /** Asks an edge node for its births, at once. */
  async requestRebirth(source: string, id: EdgeNodeId): Promise<RebirthOutcome> {
    const consumer = this.#sources.byName(source);
    if (!consumer) return refused(userError("NOT_FOUND", `there is no source ${source}`, ["source"]));
    if (!(consumer instanceof SparkplugConsumer))
      return refused(userError("INVALID_INPUT", `the source ${source} is none of Sparkplug`, ["source"]));
    if (consumer.host === null)
      return refused(
        userError("PRECONDITION_FAILED", `this server does not consume the source ${source} now`),
      );
    const filter = { group: id.group, edgeNode: id.edgeNode };
    const [node] = this.edgeNodes(source, filter, 1) ?? [];
    if (!node) {
      const nobody = `nothing was heard of an edge node ${id.group}/${id.edgeNode}`;
      return refused(userError("NOT_FOUND", nobody, ["edgeNode"]));
    }
    try {
      await consumer.requestRebirth(id);
    } catch (error) {
      return refused(userError("PRECONDITION_FAILED", `it could not be sent: ${messageOf(error)}`));
    }
    return { node, userErrors: [] };
  }

  /** The newest changes of the metrics of machines, newest first: one list for each id, in the order given. */
  changes(machineIds: readonly string[], first: number): Promise<MetricChangeRow[][]> {
    return this.#store.changes(machineIds, first);
  }
}

function refused(error: UserErrorValue): RebirthOutcome {
  return { node: null, userErrors: [error] };
}
