import fc from "fast-check";
import { expect, test } from "vitest";
import { type Random, seededRandom } from "../src/demo/random.js";
import { decodePayload } from "../src/sparkplug/decode-payload.js";
import { encodePayload } from "../src/sparkplug/encode-payload.js";
import { metricValueOf } from "../src/sparkplug/metric-value.js";
import { usedMemory } from "./support/memory.js";
import { anyPayload, messageField, referenceDecode, referenceEncode } from "./support/sparkplug.js";

const PAYLOADS = Number(process.env.FUZZ_PAYLOADS ?? 1_000_000);
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 1_000_000));
const VALID = 500;
/** One of so many is compared with protobufjs, which takes far longer. */
const COMPARED = 50;
const MEBIBYTE = 1_048_576;
/** Numbers of types, of which a third are of none. */
const DATA_TYPES = 50;

const ODD_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x8a, 0x33, 0x34];
const ODD_PIECES = [
  "ffffffff07",
  "ffffffff0f",
  "ffffffffffffffffff01",
  "ffffffffffffffffffffff",
  "80808080808000",
  "12ffffffff07",
  "9201",
  "8a01021a00",
  "3308013408",
  "c328",
  "eda080",
].map((piece) => Buffer.from(piece, "hex"));

/** Changes valid payloads as broken and hostile edge nodes would; the same for the same random numbers. */
class Mutator {
  readonly #random: Random;
  readonly #valid: readonly Buffer[];

  constructor(random: Random, valid: readonly Buffer[]) {
    this.#random = random;
    this.#valid = valid;
  }

  next(): Buffer {
    let payload = this.#one(this.#valid);
    for (let left = 1 + this.below(3); left > 0; left -= 1) payload = this.#mutated(payload);
    return payload;
  }

  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #mutated(payload: Buffer): Buffer {
    const at = this.below(payload.length + 1);
    const to = Math.min(payload.length, at + this.below(20));
    const before = payload.subarray(0, at);
    const rest = payload.subarray(at);
    switch (this.below(9)) {
      case 0:
      case 1:
        return this.#with(payload, at, (payload[at] ?? 0) ^ (1 << this.below(8)));
      case 2:
        return this.#with(payload, at, this.#one(ODD_BYTES));
      case 3:
        return before;
      case 4:
        return Buffer.concat([before, payload.subarray(to)]);
      case 5:
        return Buffer.concat([before, payload.subarray(at, to), rest]);
      case 6:
        return Buffer.concat([before, this.#one(ODD_PIECES), rest]);
      case 7:
        return Buffer.concat([before, this.#one(this.#valid), rest]);
      default:
        return this.#within(payload);
    }
  }

  #with(payload: Buffer, at: number, byte: number): Buffer {
    const changed = Buffer.from(payload);
    if (at < changed.length) changed[at] = byte;
    return changed;
  }

  /** The payload as what a metric holds: its template, data set or properties, perhaps several times. */
  #within(payload: Buffer): Buffer {
    let inner = payload;
    for (let levels = 1 + this.below(3); levels > 0; levels -= 1)
      inner = messageField(2, messageField(this.#one([9, 17, 18]), inner));
    return inner;
  }

  #one<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }
}

function validPayloads(): Buffer[] {
  return fc
    .sample(anyPayload, { seed: SEED, numRuns: VALID })
    .map((payload) => Buffer.from(referenceEncode(payload)));
}

/**
 * What only this decoder refuses: it must lose no value unseen, take no more than it can hold, and find no end of a number
 * after its tenth byte, where the other one skips an unknown field's.
 */
const STRICTER = /has wire type|within one another|parts|more than 10 bytes/;

function compareWithReference(bytes: Buffer): void {
  const payload = decodePayload(bytes);
  if (payload.ok) {
    expect(referenceDecode(bytes)).toEqual(payload.value);
    expect(decodePayload(encodePayload(payload.value))).toEqual(payload);
  } else if (!STRICTER.test(payload.error)) {
    expect(() => referenceDecode(bytes)).toThrow();
  }
}

test(`${PAYLOADS} mutated payloads are each decoded or refused with a reason, and leave nothing behind`, {
  timeout: 60_000 + PAYLOADS / 2,
}, () => {
  process.stdout.write(`FUZZ_SEED=${SEED} FUZZ_PAYLOADS=${PAYLOADS}\n`);
  const mutator = new Mutator(seededRandom(SEED), validPayloads());
  const counts = { decoded: 0, refused: 0, values: 0, unreadable: 0 };
  const reasons = new Set<string>();
  const before = usedMemory();
  const resident = process.memoryUsage.rss();
  let most = 0;
  for (let index = 0; index < PAYLOADS; index += 1) {
    const bytes = mutator.next();
    const payload = decodePayload(bytes);
    if (payload.ok) {
      counts.decoded += 1;
      for (const metric of payload.value.metrics) {
        const value = metricValueOf(
          metric,
          mutator.below(3) === 0 ? mutator.below(DATA_TYPES) : metric.dataType,
        );
        counts[value.ok ? "values" : "unreadable"] += 1;
      }
    } else {
      counts.refused += 1;
      reasons.add(payload.error.replaceAll(/\d+/g, "0"));
    }
    if (index % COMPARED === 0) compareWithReference(bytes);
    if (index % 100_000 === 0) most = Math.max(most, usedMemory() - before);
  }
  process.stdout.write(`${JSON.stringify({ ...counts, reasons: reasons.size, MiB: most / MEBIBYTE })}\n`);
  expect(counts.decoded + counts.refused).toBe(PAYLOADS);
  // The mutations reach both.
  expect(Math.min(counts.decoded, counts.refused)).toBeGreaterThan(PAYLOADS / 20);
  expect(reasons.has("")).toBe(false);
  expect(Math.max(most, usedMemory() - before)).toBeLessThan(32 * MEBIBYTE);
  expect(process.memoryUsage.rss() - resident).toBeLessThan(256 * MEBIBYTE);
});
