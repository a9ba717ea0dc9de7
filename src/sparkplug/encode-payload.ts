import type {
  DataSet,
  MetaData,
  Metric,
  Parameter,
  Payload,
  PropertySet,
  PropertyValue,
  Template,
  WireValue,
} from "./payload.js";
import { WireWriter } from "./wire-writer.js";

/**
 * The bytes of a Sparkplug B message, fields in the order of their numbers. What is null, false or data type 0 is left out; a
 * template always says whether it is a definition. What an extension held is not known, so it is written empty.
 *
 * @throws RangeError where a number is none that its field can hold.
 */
export function encodePayload(payload: Payload): Buffer {
  const writer = new WireWriter();
  // The writer goes from the end to the beginning, so everything below is in reverse.
  if (payload.body !== null) writer.bytes(5, payload.body);
  if (payload.uuid !== null) writer.string(4, payload.uuid);
  if (payload.seq !== null) writer.uint64(3, payload.seq);
  messages(writer, 2, payload.metrics, writeMetric);
  if (payload.timestamp !== null) writer.uint64(1, payload.timestamp);
  return writer.finish();
}

/** Each of the items as a message. */
function messages<Item>(
  writer: WireWriter,
  field: number,
  items: readonly Item[],
  write: (writer: WireWriter, item: Item) => void,
): void {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const before = writer.written;
    write(writer, items[index] as Item);
    writer.message(field, before);
  }
}

function strings(writer: WireWriter, field: number, texts: readonly string[]): void {
  for (let index = texts.length - 1; index >= 0; index -= 1) writer.string(field, texts[index] as string);
}

function writeMetric(writer: WireWriter, metric: Metric): void {
  if (metric.wire !== null) writeMetricValue(writer, metric.wire);
  if (metric.properties !== null) messages(writer, 9, [metric.properties], writePropertySet);
  if (metric.metadata !== null) messages(writer, 8, [metric.metadata], writeMetaData);
  if (metric.isNull) writer.bool(7, true);
  if (metric.transient) writer.bool(6, true);
  if (metric.historical) writer.bool(5, true);
  if (metric.dataType !== 0) writer.uint32(4, metric.dataType);
  if (metric.timestamp !== null) writer.uint64(3, metric.timestamp);
  if (metric.alias !== null) writer.uint64(2, metric.alias);
  if (metric.name !== null) writer.string(1, metric.name);
}

function writeMetricValue(writer: WireWriter, wire: WireValue): void {
  switch (wire.field) {
    case "bytes":
      writer.bytes(16, wire.value);
      break;
    case "dataset":
      messages(writer, 17, [wire.value], writeDataSet);
      break;
    case "template":
      messages(writer, 18, [wire.value], writeTemplate);
      break;
    case "extension":
      writer.message(19, writer.written);
      break;
    default:
      writeScalar(writer, 10, wire);
  }
}

type Scalar = Exclude<WireValue, { field: "bytes" | "dataset" | "template" | "extension" }>;

/** @param first the number of the first of the six members. */
function writeScalar(writer: WireWriter, first: number, wire: Scalar): void {
  switch (wire.field) {
    case "int":
      writer.uint32(first, wire.value);
      break;
    case "long":
      writer.uint64(first + 1, wire.value);
      break;
    case "float":
      writer.float(first + 2, wire.value);
      break;
    case "double":
      writer.double(first + 3, wire.value);
      break;
    case "boolean":
      writer.bool(first + 4, wire.value);
      break;
    case "string":
      writer.string(first + 5, wire.value);
  }
}

/** Where nothing but a scalar and, after it, an extension may stand. */
function writeSimple(writer: WireWriter, first: number, wire: WireValue): void {
  switch (wire.field) {
    case "bytes":
    case "dataset":
    case "template":
      throw new RangeError(`neither a cell nor a parameter can hold a value of ${wire.field}`);
    case "extension":
      writer.message(first + 6, writer.written);
      break;
    default:
      writeScalar(writer, first, wire);
  }
}

function writeMetaData(writer: WireWriter, metadata: MetaData): void {
  if (metadata.description !== null) writer.string(8, metadata.description);
  if (metadata.md5 !== null) writer.string(7, metadata.md5);
  if (metadata.fileType !== null) writer.string(6, metadata.fileType);
  if (metadata.fileName !== null) writer.string(5, metadata.fileName);
  if (metadata.seq !== null) writer.uint64(4, metadata.seq);
  if (metadata.size !== null) writer.uint64(3, metadata.size);
  if (metadata.contentType !== null) writer.string(2, metadata.contentType);
  if (metadata.isMultiPart !== null) writer.bool(1, metadata.isMultiPart);
}

function writePropertySet(writer: WireWriter, { keys, values }: PropertySet): void {
  messages(writer, 2, values, writePropertyValue);
  strings(writer, 1, keys);
}

function writePropertyValue(writer: WireWriter, { dataType, isNull, wire }: PropertyValue): void {
  if (wire?.field === "propertySet") messages(writer, 9, [wire.value], writePropertySet);
  else if (wire?.field === "propertySetList") messages(writer, 10, [wire.value], writePropertySetList);
  else if (wire?.field === "extension") writer.message(11, writer.written);
  else if (wire) writeScalar(writer, 3, wire);
  if (isNull) writer.bool(2, true);
  if (dataType !== 0) writer.uint32(1, dataType);
}

function writePropertySetList(writer: WireWriter, sets: readonly PropertySet[]): void {
  messages(writer, 1, sets, writePropertySet);
}

function writeDataSet(writer: WireWriter, { columns, types, rows }: DataSet): void {
  messages(writer, 4, rows, writeRow);
  for (let index = types.length - 1; index >= 0; index -= 1) writer.uint32(3, types[index] as number);
  strings(writer, 2, columns);
  writer.uint64(1, columns.length);
}

function writeRow(writer: WireWriter, cells: readonly (WireValue | null)[]): void {
  messages(writer, 1, cells, writeCell);
}

function writeCell(writer: WireWriter, wire: WireValue | null): void {
  if (wire !== null) writeSimple(writer, 1, wire);
}

function writeTemplate(writer: WireWriter, template: Template): void {
  writer.bool(5, template.isDefinition);
  if (template.templateRef !== null) writer.string(4, template.templateRef);
  messages(writer, 3, template.parameters, writeParameter);
  messages(writer, 2, template.metrics, writeMetric);
  if (template.version !== null) writer.string(1, template.version);
}

function writeParameter(writer: WireWriter, { name, dataType, wire }: Parameter): void {
  if (wire !== null) writeSimple(writer, 3, wire);
  if (dataType !== 0) writer.uint32(2, dataType);
  if (name !== null) writer.string(1, name);
}
