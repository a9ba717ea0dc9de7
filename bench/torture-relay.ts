import { connect, createServer, type Server, type Socket } from "node:net";
import { PACKET, PacketCounter, REFUSAL_OF_VERSION, versionIn } from "./mqtt-packets.js";

/** One connection: the side of whoever connected, and the side of the port behind. */
interface Pair {
  readonly inner: Socket;
  readonly outer: Socket;
  /** Whether a request with the relay's mark came. */
  marked: boolean;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** A way to a server that stays where it is, and whose connections can be cut and hung. */
export class TortureRelay {
  /** Connections on which a request with this text came can be cut and hung alone. */
  mark: string | null = null;
  /** The server behind; connections that come from now on go there. */
  target: Target;
  /** Answers CONNECT of MQTT 5 as a broker that speaks no more than 3.1.1. */
  refusesMqtt5 = false;
  /** Of whoever connects: PUBACKs that it sent, and the MQTT version of its last CONNECT that was not refused. */
  acknowledgements = 0;
  mqttVersion: number | null = null;
  readonly port: number;
  readonly #server: Server;
  readonly #pairs: Set<Pair>;
  #hung = false;
  /** Bytes that still pass before all connections are cut, the rest of a packet missing. */
  #bytesLeft = Number.POSITIVE_INFINITY;
  #losing: { readonly text: string; readonly arrives: boolean } | null = null;
  #onCut: (() => void) | null = null;

  private constructor(target: Target, port: number, server: Server, pairs: Set<Pair>) {
    this.target = target;
    this.port = port;
    this.#server = server;
    this.#pairs = pairs;
  }

  static async to(target: Target): Promise<TortureRelay> {
    const server = createServer((inner) => relay.#accept(inner));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const relay = new TortureRelay(target, address.port, server, new Set());
    return relay;
  }

  cut(): void {
    this.#cut([...this.#pairs]);
  }

  #cut(pairs: readonly Pair[]): void {
    this.#bytesLeft = Number.POSITIVE_INFINITY;
    this.#losing = null;
    for (const pair of pairs) end(pair);
    this.#onCut?.();
    this.#onCut = null;
  }

  cutMarked(): void {
    this.#cut([...this.#pairs].filter((pair) => pair.marked));
  }

  /** Cuts after so many more bytes, wherever in a packet that is; after `patienceMs` in any case. Resolves then. */
  cutAfter(bytes: number, patienceMs: number): Promise<void> {
    this.#bytesLeft = bytes;
    return this.#whenCut(patienceMs);
  }

  /**
   * Cuts the connection, and no other, on which the next request with `text` passes; all after `patienceMs`. Resolves then.
   * @param arrives whether the request still arrives, so that only its answer is lost.
   */
  cutAtRequest(text: string, arrives: boolean, patienceMs: number): Promise<void> {
    this.#losing = { text, arrives };
    return this.#whenCut(patienceMs);
  }

  /** Nothing passes until `resume`, and nobody is told: connections stay open, also those that come. */
  hang(): void {
    this.#hung = true;
    this.#pause(() => true);
  }

  /** The same for the marked connections that there are now. */
  hangMarked(): void {
    this.#pause((pair) => pair.marked);
  }

  #pause(which: (pair: Pair) => boolean): void {
    for (const pair of this.#pairs) {
      if (!which(pair)) continue;
      for (const socket of [pair.inner, pair.outer]) socket.pause();
    }
  }

  resume(): void {
    this.#hung = false;
    for (const { inner, outer } of this.#pairs) for (const socket of [inner, outer]) socket.resume();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #whenCut(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.cut(), patienceMs);
      this.#onCut = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #accept(inner: Socket): void {
    const pair: Pair = { inner, outer: connect(this.target.port, this.target.host), marked: false };
    this.#pairs.add(pair);
    let answersLost = false;
    const packets = new PacketCounter((type) => {
      if (type === PACKET.PUBACK) this.acknowledgements += 1;
    });
    let first = true;
    let isMqtt = false;
    this.#carry(pair, inner, pair.outer, (data) => {
      if (first) {
        first = false;
        const version = versionIn(data);
        if (version === 5 && this.refusesMqtt5) {
          inner.end(REFUSAL_OF_VERSION);
          return false;
        }
        isMqtt = version !== null;
        if (isMqtt) this.mqttVersion = version;
      }
      if (isMqtt) packets.take(data);
      if (this.mark !== null && data.includes(this.mark)) pair.marked = true;
      if (this.#losing === null || !data.includes(this.#losing.text)) return true;
      answersLost = this.#losing.arrives;
      this.#losing = null;
      if (!answersLost) this.#cut([pair]);
      return answersLost;
    });
    this.#carry(pair, pair.outer, inner, () => {
      if (answersLost) this.#cut([pair]);
      return !answersLost;
    });
    if (this.#hung) for (const socket of [inner, pair.outer]) socket.pause();
  }

  /** @param mayPass decides about each piece. */
  #carry(pair: Pair, from: Socket, to: Socket, mayPass: (data: Buffer) => boolean): void {
    const over = () => {
      this.#pairs.delete(pair);
      end(pair);
    };
    from.setNoDelay(true);
    from.on("error", over);
    from.on("close", over);
    from.on("data", (data) => {
      if (!mayPass(data)) return;
      if (data.length >= this.#bytesLeft) {
        to.write(data.subarray(0, this.#bytesLeft), () => this.cut());
        this.#bytesLeft = 0;
        return;
      }
      this.#bytesLeft -= data.length;
      if (!to.write(data)) from.pause();
    });
    to.on("drain", () => {
      if (!this.#hung) from.resume();
    });
  }
}

function end({ inner, outer }: Pair): void {
  inner.destroy();
  outer.destroy();
}
