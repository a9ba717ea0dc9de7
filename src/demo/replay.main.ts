import { parseArgs } from "node:util";
import { err, messageOf, ok, type Result } from "../kernel/result.js";
import { duration, ProgressBar } from "./progress-bar.js";
import { type ReplayOptions, type ReplayReport, replay } from "./replay.js";

const HELP = `Publishes a recorded CSV file over MQTT as a device would have: one JSON message per row,
{"ts": <ms>, "<column>": <number or text>, ...}.

  npm run replay -- FILE.csv --topic TOPIC --time COLUMN [options]

  --topic TOPIC      the topic to publish to, such as acme/berlin/machining/cell-1/mill-1/telemetry
  --time COLUMN      the column that holds the time: ISO 8601 or YYYY-MM-DD HH:mm:ss (a time without a
                     zone is UTC), or a number since 1970 in s, ms, us or ns, told apart by its size
  --speed N|max      1 plays in real time by the gaps of the file, 60 an hour in a minute; max (the
                     default) as fast as the broker takes it
  --url URL          the broker: mqtt(s)://user:password@host:port or ws(s)://... (default: MQTT_URL,
                     else mqtt://127.0.0.1:1883)
  --qos 0|1|2        1 unless told. With 0 the broker acknowledges nothing, and a lost connection loses rows
  --delimiter C      the character between two fields, a comma unless told
  --no-drop-check    do not ask the broker at the end whether it dropped messages (takes up to 12 s, and
                     only with brokers that tell: Mosquitto)
  --help             this text

The first row of the file names the columns. Digits are sent as they stand in the file. A field that is empty,
NaN, inf, null or none is left out of its message. Rows whose time cannot be read, or with more or fewer fields than
the header, are not sent; they are counted and named at the end.

When the broker goes away, the replay waits for it and sends again what was not acknowledged; a row may then
arrive twice, with the same time and values.

Exit code: 0 when every row was acknowledged by the broker, 1 when not, 130 when interrupted.
`;

const DEFAULT_URL = "mqtt://127.0.0.1:1883";

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const parsed = readArguments(args);
  if (!parsed.ok) return complain(`${parsed.error}\nTry --help.`);
  if (parsed.value === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const options = parsed.value;
  const interruption = new AbortController();
  const bar = new ProgressBar(process.stdout);
  const onSignal = () => interruption.abort();
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  const outcome = await replay({
    ...options,
    signal: interruption.signal,
    onProgress: (progress) => bar.show(progress),
    onSent: (report) => {
      bar.clear();
      tell(report, options.qos);
      if (options.watchDrops && report.failure === null)
        process.stdout.write("Asking the broker whether it dropped messages ...\n");
    },
  });
  if (interruption.signal.aborted && !outcome.ok) return 130;
  if (!outcome.ok) return complain(outcome.error);
  const { dropped, failure, badRowCount } = outcome.value;
  if (dropped !== null && dropped > 0) {
    process.stdout.write(`Warning: the broker dropped ${dropped} messages: raise max_queued_messages.\n`);
  }
  if (dropped === 0 && failure === null) process.stdout.write("The broker dropped none.\n");
  if (failure === null && badRowCount === 0) return 0;
  return interruption.signal.aborted ? 130 : 1;
}

function readArguments(args: string[]): Result<ReplayOptions | "help", string> {
  let given: ReturnType<typeof parse>;
  try {
    given = parse(args);
  } catch (error) {
    return err(messageOf(error));
  }
  const { values, positionals } = given;
  if (values.help) return ok("help");
  const [file, more] = positionals;
  if (file === undefined) return err("Which file?");
  if (more !== undefined) return err(`One file at a time: ${more} is too many.`);
  if (values.topic === undefined) return err("--topic is missing: where should the rows be published?");
  if (values.time === undefined) return err("--time is missing: which column holds the time?");
  const speed = values.speed === "max" ? "max" : Number(values.speed);
  if (speed !== "max" && !(speed > 0 && Number.isFinite(speed))) {
    return err(`--speed must be a number above 0, or max, and not ${values.speed}.`);
  }
  const qos = ([0, 1, 2] as const).find((level) => String(level) === values.qos);
  if (qos === undefined) return err(`--qos must be 0, 1 or 2, and not ${values.qos}.`);
  return ok({
    file,
    topic: values.topic,
    timeColumn: values.time,
    speed,
    url: values.url ?? (process.env.MQTT_URL || DEFAULT_URL),
    qos,
    watchDrops: !values["no-drop-check"],
    ...(values.delimiter === undefined ? {} : { delimiter: values.delimiter }),
  });
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      topic: { type: "string" },
      time: { type: "string" },
      speed: { type: "string", default: "max" },
      url: { type: "string" },
      qos: { type: "string", default: "1" },
      delimiter: { type: "string" },
      "no-drop-check": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
}

function tell(report: ReplayReport, qos: number): void {
  const rate = Math.round(report.rows / Math.max(0.001, report.durationMs / 1000));
  const verb = qos === 0 ? "sent (QoS 0: not acknowledged)" : "acknowledged by the broker";
  const again = report.resent === 0 ? "" : `; ${report.resent} sent again after a lost connection`;
  process.stdout.write(
    `${report.rows} rows ${verb} in ${duration(report.durationMs)}, ${rate} rows/s${again}\n`,
  );
  if (report.badRowCount > 0) {
    process.stdout.write(`${report.badRowCount} bad rows were not sent:\n`);
    for (const { line, problem } of report.badRows) process.stdout.write(`  line ${line}: ${problem}\n`);
    const unnamed = report.badRowCount - report.badRows.length;
    if (unnamed > 0) process.stdout.write(`  and ${unnamed} more\n`);
  }
  if (report.failure !== null) process.stdout.write(`The replay ended early: ${report.failure}\n`);
}

function complain(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}
