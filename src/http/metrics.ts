import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

/** What one source has counted, by what became of its messages. */
export interface SourceCounts {
  readonly source: string;
  readonly received: number;
  readonly committed: number;
  readonly samples: number;
  readonly repeated: number;
  readonly late: number;
  readonly dead: number;
  readonly dropped: number;
  readonly returned: number;
  readonly missed: number;
  /** By the broker, as far as it tells. */
  readonly brokerDropped: number;
}

export interface Measured {
  readonly sources: readonly SourceCounts[];
  /** Messages that wait for the database. */
  readonly backlog: number;
  readonly machines: number;
  readonly sockets: number;
}

/** `/metrics` in Prometheus' text format. Figures are read when they are asked for. */
export function metricsRegistry(measure: () => Measured): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string, read: (counts: SourceCounts) => number) =>
    new Counter({
      name: `mes_twin_${name}_total`,
      help,
      labelNames: ["source"],
      registers: [registry],
      collect() {
        this.reset();
        for (const counts of measure().sources) this.inc({ source: counts.source }, read(counts));
      },
    });
  counter("messages_received", "Messages that came from the broker.", (counts) => counts.received);
  counter("messages_committed", "Messages whose effects are all stored.", (counts) => counts.committed);
  counter(
    "messages_dropped",
    "QoS 0 messages thrown away because the database did not keep up.",
    (counts) => counts.dropped,
  );
  counter(
    "messages_returned",
    "Messages left with the broker because the source was taken over; they come again.",
    (counts) => counts.returned,
  );
  counter(
    "messages_missed",
    "Messages lost on the way, by the numbers that devices give them.",
    (counts) => counts.missed,
  );
  counter(
    "broker_dropped",
    "Messages that the broker threw away because a client's queue was full.",
    (counts) => counts.brokerDropped,
  );
  counter("samples_committed", "Samples stored.", (counts) => counts.samples);
  counter("samples_repeated", "Samples that were there already.", (counts) => counts.repeated);
  counter("samples_late", "Samples older than the present reading.", (counts) => counts.late);
  counter("dead_letters", "Messages, or parts of one, that could not be taken.", (counts) => counts.dead);
  const gauge = (name: string, help: string, read: (measured: Measured) => number) =>
    new Gauge({
      name: `mes_twin_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read(measure()));
      },
    });
  gauge("ingest_backlog", "Messages that wait for the database.", (measured) => measured.backlog);
  gauge("machines", "Machines in the plant.", (measured) => measured.machines);
  gauge("graphql_sockets", "Open GraphQL WebSockets.", (measured) => measured.sockets);
  return registry;
}
