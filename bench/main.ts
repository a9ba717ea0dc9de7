import { BENCHMARKS, isBenchmark, NAMES } from "./benchmarks.js";
import { hold } from "./memory.js";
import { publish } from "./publisher.js";
import { receive } from "./receivers.js";
import { report } from "./report.js";
import { torture } from "./torture.js";
import { publishNumbered } from "./torture-publisher.js";

const HELP = `npm run bench -- NAME, where NAME is one of: ${NAMES.join(", ")}, report

Each prints its figures beside a bare baseline of the same run. They need an installed Mosquitto.

ingest   messages from publisher to commit, beside a client that receives and drops the same messages
         BENCH_MESSAGES (200000), BENCH_MACHINES (1000), BENCH_ROUNDS (5)
scale    cost of a message with few and with many machines
         BENCH_MESSAGES (200000), BENCH_FEW_MACHINES (100), BENCH_MANY_MACHINES (100000), BENCH_ROUNDS (3)
latency  publish to subscriber at 1,000 and 5,000 messages/s, beside mosquitto_sub and mqtt.js
         BENCH_SECONDS (30), BENCH_MACHINES (1000)
memory   what the server holds for 100, 10,000 and 100,000 machines, beside plain maps
         BENCH_MANY_MACHINES (100000), the most machines
reads    range queries over GraphQL, beside SQL to a plain table
         BENCH_HOURS (24) of 100 metrics, BENCH_DAYS (30) of one
kpis     OEE of a machine and of a line over GraphQL, beside SQL to the same facts
         BENCH_MACHINES (20), BENCH_DAYS (30)
orders   an import of orders in one call, beside COPY of the same rows; lots over five levels, beside recursive SQL
         BENCH_ORDERS (10000), BENCH_FAN_OUT (5)
storage  table layouts in PostgreSQL: cost of writing, size, reading
         BENCH_STORAGE_MACHINES (1000), BENCH_STORAGE_ROUNDS (360)
sparkplug
         decoding Sparkplug B payloads of 20 metrics, beside the decoder that protobufjs generates
         BENCH_METRICS (10000000), BENCH_ROUNDS (10)
sparkplug-ingest
         DDATA of 20 metrics from publisher to commit, beside JSON of 20 values through the same server
         BENCH_MESSAGES (100000), BENCH_MACHINES (1000), BENCH_ROUNDS (5)
soak [MINUTES] [--rate MESSAGES]
         20 minutes at full rate, or at so many messages a second, while PostgreSQL hangs and is stopped
         BENCH_MACHINES (1000), BENCH_OUTAGE_RATE (5000)
report [NAME...] [--quick] [--soak MINUTES] [--render]
         all but soak, or those that are named, and docs/benchmarks/ from their figures

All: BENCH_QUICK=1 (small sizes), BENCH_DATABASE_URL (an embedded PostgreSQL; of another one no CPU is told),
     BENCH_NODE_OPTIONS (options of the server's node)
`;

const [name, ...args] = process.argv.slice(2);
if (isBenchmark(name)) await BENCHMARKS[name](args);
else if (name === "report") await report(args);
// The benchmarks' publishers and subscribers are processes of their own.
else if (name === "publish") await publish(JSON.parse(args[0] ?? "{}"));
else if (name === "receive") await receive(JSON.parse(args[0] ?? "{}"));
else if (name === "hold") await hold(Number(args[0]));
else if (name === "publish-numbered") await publishNumbered(JSON.parse(args[0] ?? "{}"));
else if (name === "torture") await torture(args);
else {
  process.stdout.write(HELP);
  process.exitCode = name === undefined || name === "--help" ? 0 : 1;
}
