import { BoundedQueue } from "../kernel/bounded-queue.js";
import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import { connectDevice, type DeviceClient } from "../mqtt/device-client.js";
import { PublishError } from "../mqtt/problems.js";
import { type Answer, CommandDesk } from "./command-desk.js";
import type { DemoMachineSpec } from "./demo-machines.js";
import { DesiredDesk } from "./desired-desk.js";
import { MachineModel } from "./machine-model.js";
import type { Random } from "./random.js";

const TICK_MS = 100;
const TELEMETRY_EVERY_MS = 1000;
/** A machine whose process slept does not make up for what it missed. */
const LONGEST_GAP_MS = 5000;
/** Telemetry waiting for the broker's acknowledgement; beyond it new readings are skipped. */
const MOST_IN_FLIGHT = 50;
/** Answers kept while the broker is away; beyond it the oldest go. */
const MOST_ANSWERS = 200;
const GOODBYE_MS = 1000;
/** Failures after which it makes sense to publish again at the next connection. */
const LOST: readonly PublishError["code"][] = ["NOT_CONNECTED", "CONNECTION_LOST"];

/**
 * One simulated machine on its own MQTT connection: telemetry at 1 Hz and at each change of state, retained
 * connectivity with a will, commands with answers and desired values, all below its path as topic.
 */
export class DemoMachine {
  readonly #path: string;
  readonly #url: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #model: MachineModel;
  readonly #desk: CommandDesk;
  readonly #desired: DesiredDesk;
  readonly #answers = new BoundedQueue<Answer>({ max: MOST_ANSWERS, onFull: "drop-oldest" });
  #client: DeviceClient | null = null;
  #timer: NodeJS.Timeout | null = null;
  #starting: Promise<void> | null = null;
  #away = false;
  #steppedAt = 0;
  #reportedState = "";
  #reportAt = 0;
  #lastTs = 0;
  #inFlight = 0;
  #skipped = 0;

  constructor(options: {
    spec: DemoMachineSpec;
    url: string;
    logger: Logger;
    clock: Clock;
    random: Random;
    calm?: boolean;
  }) {
    this.#path = options.spec.path;
    this.#url = options.url;
    this.#logger = options.logger.child({ machine: options.spec.path });
    this.#clock = options.clock;
    this.#model = new MachineModel({
      profile: options.spec.profile,
      random: options.random,
      calm: options.calm ?? false,
    });
    this.#desk = new CommandDesk({ model: this.#model, clock: options.clock });
    this.#desired = new DesiredDesk({ model: this.#model });
  }

  /** The simulation behind the machine. */
  get model(): MachineModel {
    return this.#model;
  }

  /** Messages on command topics that were no command. */
  get malformedCommands(): number {
    return this.#desk.malformed;
  }

  /** Readings that were not sent because the broker did not acknowledge the ones before. */
  get skippedReadings(): number {
    return this.#skipped;
  }

  /**
   * Connects and runs. Resolves when the machine is connected and takes commands; rejects after `patienceMs`
   * without a broker, and goes on trying.
   */
  start(patienceMs = 10_000): Promise<void> {
    this.#starting ??= this.#run(patienceMs);
    return this.#starting;
  }

  /** Says goodbye and disconnects. The counters stay for a later start. */
  async stop(): Promise<void> {
    const client = this.#client;
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#client = null;
    this.#starting = null;
    if (!client) return;
    if (client.connected) {
      await within(GOODBYE_MS, this.#publishConnectivity(client, false)).catch((error: unknown) => {
        this.#logger.debug({ error: messageOf(error) }, "the machine could not say goodbye");
      });
    }
    await client.end();
  }

  async #run(patienceMs: number): Promise<void> {
    const client = connectDevice({
      url: this.#url,
      clientId: `demo-${this.#path.replaceAll("/", "-")}`,
      will: {
        topic: `${this.#path}/connectivity`,
        payload: JSON.stringify({ online: false }),
        qos: 1,
        retain: true,
      },
    });
    this.#client = client;
    this.#steppedAt = this.#clock.now();
    // Machines that start together would otherwise report together for ever.
    this.#reportAt = this.#steppedAt + ((this.#path.length * 137) % TELEMETRY_EVERY_MS);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    client.onConnect(() => this.#connected(client));
    client.onClose((problem) => this.#disconnected(problem));
    await client.subscribe(`${this.#path}/cmd/+`, 1, (topic, payload, { responseTopic }) => {
      this.#command(topic, payload, responseTopic === undefined ? {} : { replyTo: responseTopic });
    });
    await client.subscribe(`${this.#path}/desired`, 1, (topic, payload) => this.#follow(topic, payload));
    await client.ready(patienceMs);
  }

  #connected(client: DeviceClient): void {
    if (this.#client !== client) return;
    if (this.#away) this.#logger.info({}, "the machine is connected again");
    this.#away = false;
    // After each reconnection too: the will has said offline meanwhile, and a reading may be lost.
    this.#send(this.#publishConnectivity(client, true));
    this.#reportedState = "";
    this.#report(this.#clock.now());
    this.#flush();
  }

  #disconnected(problem: string): void {
    this.#desired.forget();
    if (this.#away) return;
    this.#away = true;
    this.#logger.warn({ problem }, "the machine is not connected");
  }

  #tick(): void {
    const now = this.#clock.now();
    this.#steppedAt = Math.max(this.#steppedAt, now - LONGEST_GAP_MS);
    // Small steps even after a late timer, so that no short state goes unreported.
    while (this.#steppedAt < now) {
      const dt = Math.min(TICK_MS, now - this.#steppedAt);
      this.#steppedAt += dt;
      this.#model.step(dt);
      this.#queue(this.#desk.settle());
      this.#report(this.#steppedAt);
    }
    this.#flush();
  }

  #command(topic: string, payload: Buffer, given: { replyTo?: string }): void {
    const outcome = this.#desk.receive(payload, given);
    if (!outcome.ok) {
      this.#logger.warn({ topic, reason: outcome.error, malformed: this.#desk.malformed }, "no command");
      return;
    }
    this.#queue(outcome.value);
    this.#report(this.#clock.now());
    this.#flush();
  }

  #follow(topic: string, payload: Buffer): void {
    const outcome = this.#desired.receive(payload);
    const reason = outcome.ok ? outcome.value.join("; ") : outcome.error;
    if (reason !== "") this.#logger.warn({ topic, reason }, "not all that is desired can be followed");
    // The report is the answer.
    this.#reportAt = Math.min(this.#reportAt, this.#clock.now());
    this.#report(this.#clock.now());
  }

  /** Publishes a reading when the state has changed or a second is over. */
  #report(now: number): void {
    const client = this.#client;
    if (!client?.connected) return;
    if (this.#model.state === this.#reportedState && now < this.#reportAt) return;
    if (this.#inFlight >= MOST_IN_FLIGHT) {
      this.#skipped += 1;
      return;
    }
    while (this.#reportAt <= now) this.#reportAt += TELEMETRY_EVERY_MS;
    this.#reportedState = this.#model.state;
    // Two readings never share a time stamp, so that their order is known.
    this.#lastTs = Math.max(now, this.#lastTs + 1);
    const payload = JSON.stringify({ ts: this.#lastTs, ...this.#model.reading() });
    this.#send(client.publish(`${this.#path}/telemetry`, payload, { qos: 1 }));
  }

  #publishConnectivity(client: DeviceClient, online: boolean): Promise<unknown> {
    const payload = JSON.stringify({ online, ts: this.#clock.now() });
    return client.publish(`${this.#path}/connectivity`, payload, { qos: 1, retain: true });
  }

  #queue(answers: Answer[]): void {
    for (const answer of answers) this.#answers.push(answer);
  }

  #flush(): void {
    const client = this.#client;
    while (client?.connected && this.#answers.size > 0) {
      const answer = this.#answers.shift();
      if (!answer) return;
      const payload = JSON.stringify(answer.reply);
      this.#send(client.publish(answer.replyTo, payload, { qos: 1 }), () => {
        this.#answers.push(answer);
      });
    }
  }

  #send(published: Promise<unknown>, onLost?: () => void): void {
    this.#inFlight += 1;
    published.then(
      () => {
        this.#inFlight -= 1;
      },
      (error: unknown) => {
        this.#inFlight -= 1;
        const lost = error instanceof PublishError && LOST.includes(error.code);
        if (lost) onLost?.();
        else this.#logger.warn({ error: messageOf(error) }, "the broker did not take a message");
      },
    );
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
