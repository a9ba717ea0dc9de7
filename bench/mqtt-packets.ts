/** Types of MQTT control packets, by their number. */
export const PACKET = { CONNECT: 1, PUBACK: 4 } as const;

/** CONNACK "unacceptable protocol version", as brokers of MQTT 3.1.1 send it. */
export const REFUSAL_OF_VERSION = Buffer.from([0x20, 0x02, 0x00, 0x01]);

/** The version in a CONNECT, 4 (3.1.1) or 5; null when the bytes begin with no CONNECT or too little of one. */
export function versionIn(data: Buffer): number | null {
  if (data.length === 0 || (data[0] ?? 0) >> 4 !== PACKET.CONNECT) return null;
  let at = 1;
  while (((data[at] ?? 0) & 0x80) !== 0 && at < 4) at += 1;
  // The length of the name, the name (MQTT), the version.
  return data.toString("latin1", at + 3, at + 7) === "MQTT" ? (data[at + 7] ?? null) : null;
}

/** Counts the packets of one direction of a connection. */
export class PacketCounter {
  readonly #onPacket: (type: number) => void;
  #type = 0;
  #shift = 0;
  #length = 0;
  #state: "type" | "length" | "body" = "type";

  constructor(onPacket: (type: number) => void) {
    this.#onPacket = onPacket;
  }

  take(data: Buffer): void {
    for (let at = 0; at < data.length; ) {
      if (this.#state === "body") {
        const some = Math.min(this.#length, data.length - at);
        this.#length -= some;
        at += some;
        if (this.#length === 0) this.#state = "type";
        continue;
      }
      const byte = data[at] ?? 0;
      at += 1;
      if (this.#state === "type") {
        this.#type = byte >> 4;
        this.#length = 0;
        this.#shift = 0;
        this.#state = "length";
        continue;
      }
      this.#length += (byte & 0x7f) * 2 ** this.#shift;
      this.#shift += 7;
      if ((byte & 0x80) !== 0) continue;
      this.#onPacket(this.#type);
      this.#state = this.#length === 0 ? "type" : "body";
    }
  }
}
