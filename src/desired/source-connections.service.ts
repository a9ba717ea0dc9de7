import type { SourceService } from "../ingest/source.service.js";
import type { SourceLease } from "../ingest/source-lease.js";
import type { DeviceConnections } from "./desired-delivery.service.js";
import type { TwinRights } from "./twin-touch.service.js";

/** The connections of the sources that this server consumes. */
export class SourceConnections implements DeviceConnections, TwinRights {
  readonly #sources: SourceService;

  constructor(deps: { sources: SourceService }) {
    this.#sources = deps.sources;
  }

  names(): Iterable<string> {
    return this.#sources.sources.map(({ name }) => name);
  }

  connectionOf(source: string): { readonly connectedSince: number | null } | null {
    const consumer = this.#sources.byName(source);
    if (!consumer?.lease) return null;
    const { link } = consumer.status;
    return { connectedSince: link.phase === "connected" ? link.since : null };
  }

  rightOf(source: string | null): SourceLease | null | undefined {
    if (source !== null) return this.#sources.byName(source)?.lease ?? undefined;
    // A machine that was never heard here may be heard by the server that consumes another source.
    return this.#sources.sources.every(({ lease }) => lease !== null) ? null : undefined;
  }
}
