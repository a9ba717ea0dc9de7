import { crc32 } from "node:zlib";
import { QUALITIES } from "../twin/sample.js";
import { BlockError, ByteReader, ByteWriter } from "./block-bytes.js";
import { readCodes, readValues, writeCodes, writeValues } from "./block-values.js";
import type { SampleColumns } from "./columns.js";
import { LARGEST_COLUMN_INTEGER, readIntegers, writeIntegers } from "./integer-column.js";

const VERSION = 1;

/** How many samples one block holds at most. */
export const MAX_BLOCK_SAMPLES = 2 ** 17;

/**
 * The samples of one series in few bytes, exactly as they are: one byte of version, a CRC-32 of what follows, then the
 * count and a column each for times, values and qualities.
 * @throws RangeError when there are more than MAX_BLOCK_SAMPLES, a time is not whole or earlier than the one before, or
 * a value cannot be kept (see `unusable`)
 */
export function encodeBlock(columns: SampleColumns): Buffer {
  const { count, times } = columns;
  if (count > MAX_BLOCK_SAMPLES) throw new RangeError(`${count} samples do not fit one block`);
  checkTimes(times.subarray(0, count));
  const writer = new ByteWriter({ capacity: 64 + count * 4 });
  writer.varint(count);
  writeIntegers(times.subarray(0, count), writer);
  writeValues(columns, writer);
  writeCodes(columns.qualities, count, writer);
  return sealed(VERSION, writer.written());
}

/**
 * The samples that encodeBlock was given.
 * @throws BlockError when the bytes are of another version or damaged
 */
export function decodeBlock(bytes: Uint8Array): SampleColumns {
  const reader = unsealed(VERSION, bytes);
  const count = reader.limited(MAX_BLOCK_SAMPLES);
  const times = readIntegers(count, reader);
  for (let index = 1; index < count; index += 1)
    if ((times[index] as number) < (times[index - 1] as number))
      throw new BlockError("the times are not in order");
  const { numbers, others } = readValues(count, reader);
  const qualities = readCodes(count, QUALITIES.length - 1, reader);
  reader.end();
  return { count, times, numbers, others, qualities };
}

function checkTimes(times: Float64Array): void {
  for (let index = 0; index < times.length; index += 1) {
    const time = times[index] as number;
    if (!Number.isInteger(time) || Math.abs(time) > LARGEST_COLUMN_INTEGER)
      throw new RangeError(`${time} is no time in whole milliseconds`);
    if (index > 0 && time < (times[index - 1] as number)) throw new RangeError("the times are not in order");
  }
}

/** A body with its version and checksum in front. */
export function sealed(version: number, body: Uint8Array): Buffer {
  const writer = new ByteWriter({ capacity: body.length + 5 });
  writer.byte(version);
  writer.uint32(crc32(body));
  writer.bytes(body);
  return writer.written();
}

/**
 * A reader of the body that was sealed with this version.
 * @throws BlockError when the version is another or the body is not what was sealed
 */
export function unsealed(version: number, bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  const found = reader.byte();
  if (found !== version) throw new BlockError(`version ${found} is unknown`);
  const checksum = reader.uint32();
  if (crc32(reader.bytes(reader.left)) !== checksum) throw new BlockError("the checksum does not match");
  return new ByteReader(bytes, 5);
}
