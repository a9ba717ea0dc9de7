import type { DataSet, MetaData, PropertySet, PropertyValue, WireValue } from "./payload.js";
import { DELIMITED, FIXED32, FIXED64, VARINT } from "./wire-format.js";
import type { WireReader } from "./wire-reader.js";

// The parts of a metric that hold no metrics. Each function reads one message, its length first; the cases are tags: the number of
// a field and its wire type.

type Scalar = Extract<
  WireValue,
  { field: "int" | "long" | "float" | "double" } | { field: "boolean" } | { field: "string" }
>;

/**
 * The six members that every `oneof` of the format begins with.
 * @param first the number of the first one.
 * @returns null, and nothing is read, where the tag is none of them.
 */
export function readScalar(reader: WireReader, tag: number, first: number): Scalar | null {
  switch (tag - first * 8) {
    case (0 << 3) | VARINT:
      return { field: "int", value: reader.uint32() };
    case (1 << 3) | VARINT:
      return { field: "long", value: reader.uint64() };
    case (2 << 3) | FIXED32:
      return { field: "float", value: reader.float() };
    case (3 << 3) | FIXED64:
      return { field: "double", value: reader.double() };
    case (4 << 3) | VARINT:
      return { field: "boolean", value: reader.bool() };
    case (5 << 3) | DELIMITED:
      return { field: "string", value: reader.string() };
    default:
      return null;
  }
}

/** What an extension holds is not known; it must be well formed all the same. */
export function readExtension(reader: WireReader): { field: "extension" } {
  const outer = reader.open();
  while (reader.more) reader.skip(reader.tag(), 0);
  reader.close(outer);
  return { field: "extension" };
}

const NO_METADATA: MetaData = {
  isMultiPart: null,
  contentType: null,
  size: null,
  seq: null,
  fileName: null,
  fileType: null,
  md5: null,
  description: null,
};

export function readMetaData(reader: WireReader, before: MetaData | null): MetaData {
  const outer = reader.open();
  const found: { -readonly [Key in keyof MetaData]: MetaData[Key] } = { ...(before ?? NO_METADATA) };
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case (1 << 3) | VARINT:
        found.isMultiPart = reader.bool();
        break;
      case (2 << 3) | DELIMITED:
        found.contentType = reader.string();
        break;
      case (3 << 3) | VARINT:
        found.size = reader.uint64();
        break;
      case (4 << 3) | VARINT:
        found.seq = reader.uint64();
        break;
      case (5 << 3) | DELIMITED:
        found.fileName = reader.string();
        break;
      case (6 << 3) | DELIMITED:
        found.fileType = reader.string();
        break;
      case (7 << 3) | DELIMITED:
        found.md5 = reader.string();
        break;
      case (8 << 3) | DELIMITED:
        found.description = reader.string();
        break;
      default:
        reader.skip(tag, 8);
    }
  }
  reader.close(outer);
  return found;
}

/** A list that this decoder has made itself and goes on with, where a message comes in several pieces. */
export function grown<Item>(list: readonly Item[] | undefined): Item[] {
  return (list as Item[] | undefined) ?? [];
}

export function readPropertySet(reader: WireReader, before: PropertySet | null): PropertySet {
  const outer = reader.open();
  const keys = grown(before?.keys);
  const values = grown(before?.values);
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case (1 << 3) | DELIMITED:
        reader.part();
        keys.push(reader.string());
        break;
      case (2 << 3) | DELIMITED:
        values.push(readPropertyValue(reader));
        break;
      default:
        reader.skip(tag, 2);
    }
  }
  reader.close(outer);
  return { keys, values };
}

function readPropertyValue(reader: WireReader): PropertyValue {
  const outer = reader.open();
  let dataType = 0;
  let isNull = false;
  let wire: PropertyValue["wire"] = null;
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case (1 << 3) | VARINT:
        dataType = reader.uint32();
        break;
      case (2 << 3) | VARINT:
        isNull = reader.bool();
        break;
      default:
        wire = readProperty(reader, tag, wire);
    }
  }
  reader.close(outer);
  return { dataType, isNull, wire };
}

/** As `readMetricValue`. */
function readProperty(reader: WireReader, tag: number, before: PropertyValue["wire"]): PropertyValue["wire"] {
  const scalar = readScalar(reader, tag, 3);
  if (scalar !== null) return scalar;
  switch (tag) {
    case (9 << 3) | DELIMITED: {
      const merged = before?.field === "propertySet" ? before.value : null;
      return { field: "propertySet", value: readPropertySet(reader, merged) };
    }
    case (10 << 3) | DELIMITED: {
      const merged = before?.field === "propertySetList" ? before.value : undefined;
      return { field: "propertySetList", value: readPropertySetList(reader, merged) };
    }
    case (11 << 3) | DELIMITED:
      return readExtension(reader);
    default:
      reader.skip(tag, 11);
      return before;
  }
}

function readPropertySetList(
  reader: WireReader,
  before: readonly PropertySet[] | undefined,
): readonly PropertySet[] {
  const outer = reader.open();
  const sets = grown(before);
  while (reader.more) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | DELIMITED)) sets.push(readPropertySet(reader, null));
    else reader.skip(tag, 1);
  }
  reader.close(outer);
  return sets;
}

export function readDataSet(reader: WireReader, before: DataSet | null): DataSet {
  const outer = reader.open();
  const columns = grown(before?.columns);
  const types = grown(before?.types);
  const rows = grown(before?.rows);
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case (1 << 3) | VARINT:
        // The number of columns, which the columns tell themselves.
        reader.uint64();
        break;
      case (2 << 3) | DELIMITED:
        reader.part();
        columns.push(reader.string());
        break;
      case (3 << 3) | VARINT:
        reader.part();
        types.push(reader.uint32());
        break;
      case (3 << 3) | DELIMITED:
        reader.packedUint32(types);
        break;
      case (4 << 3) | DELIMITED:
        rows.push(readRow(reader));
        break;
      default:
        reader.skip(tag, 4);
    }
  }
  reader.close(outer);
  return { columns, types, rows };
}

function readRow(reader: WireReader): (WireValue | null)[] {
  const outer = reader.open();
  const elements: (WireValue | null)[] = [];
  while (reader.more) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | DELIMITED)) elements.push(readElement(reader));
    else reader.skip(tag, 1);
  }
  reader.close(outer);
  return elements;
}

function readElement(reader: WireReader): WireValue | null {
  const outer = reader.open();
  let wire: WireValue | null = null;
  while (reader.more) {
    const tag = reader.tag();
    const scalar = readScalar(reader, tag, 1);
    if (scalar !== null) wire = scalar;
    else if (tag === ((7 << 3) | DELIMITED)) wire = readExtension(reader);
    else reader.skip(tag, 7);
  }
  reader.close(outer);
  return wire;
}
