import { Query, Resolver } from "type-graphql";
import type { Clock } from "../kernel/clock.js";
import type { SourceService } from "./source.service.js";
import { Source } from "./source.types.js";
import { healthOf, lagOf, withDrops } from "./source-health.js";

@Resolver()
export class SourceResolver {
  readonly #sources: SourceService;
  readonly #clock: Clock;

  constructor(deps: { sources: SourceService; clock: Clock }) {
    this.#sources = deps.sources;
    this.#clock = deps.clock;
  }

  @Query(() => [Source], { description: "The sources of this server, in the order of the plant file." })
  sources(): Source[] {
    const now = this.#clock.now();
    return this.#sources.sources.map(({ stats, status, drops }) => {
      const lag = lagOf(stats, now);
      const { link } = status;
      return {
        name: status.name,
        ...withDrops(healthOf(status, lag, this.#sources.problem), drops.problem(now)),
        since: link.phase === "stopped" ? null : new Date(link.since),
        mqttVersion: link.phase === "connected" ? (link.protocolVersion === 5 ? "5" : "3.1.1") : null,
        lagMessages: lag.messages,
        lagMs: lag.ms,
        received: stats.received,
        committed: stats.committed,
        samples: stats.samples,
        repeated: stats.repeated,
        late: stats.late,
        dead: stats.dead,
        dropped: stats.dropped,
        returned: stats.returned,
        missed: stats.missed,
        brokerDropped: drops.dropped,
      };
    });
  }
}
