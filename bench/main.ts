import { ingest } from "./ingest.js";
import { publish } from "./publisher.js";
import { torture } from "./torture.js";
import { publishNumbered } from "./torture-publisher.js";

/** Each prints its figures, beside a bare baseline of the same run where there is one. */
const BENCHMARKS: Readonly<Record<string, () => Promise<void>>> = { ingest };

const HELP = `npm run bench -- NAME, where NAME is one of: ${Object.keys(BENCHMARKS).join(", ")}

ingest   messages from publisher to commit, beside a bare client that receives and drops the same messages.
         BENCH_MESSAGES (100000), BENCH_MACHINES (1000), BENCH_DATABASE_URL (an embedded PostgreSQL),
         BENCH_MQTT_URL (a mosquitto of its own), BENCH_NODE_OPTIONS (options of the server's node)
`;

const [name, ...args] = process.argv.slice(2);
const benchmark = BENCHMARKS[name ?? ""];
if (benchmark) await benchmark();
// The benchmarks' publishers are processes of their own.
else if (name === "publish") await publish(args[0] ?? "", Number(args[1]), Number(args[2]));
else if (name === "publish-numbered") await publishNumbered(JSON.parse(args[0] ?? "{}"));
else if (name === "torture") await torture(args);
else {
  process.stdout.write(HELP);
  process.exitCode = name === undefined || name === "--help" ? 0 : 1;
}
