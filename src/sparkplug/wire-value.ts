import { err, ok, type Result } from "../kernel/result.js";
import { encodeArray, isArrayType, numberOf } from "./array-value.js";
import { INTEGERS, integerOf, shown, unsigned64 } from "./integers.js";
import type { MetricValue } from "./metric-value.js";
import { type DataSet, DataType, dataTypeName, type Template, type WireValue } from "./payload.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * How a value stands on the wire in the field that the specification names for the data type, for a command to a device; the
 * reverse of `metricValueOf`. Strict: an error says which type cannot hold the value, and of an array which element.
 *
 * Integers are numbers or bigints, those of 64 bits also texts of digits; a DateTime is milliseconds since 1970 or ISO 8601 with a
 * zone. Null has no wire value: a metric says so with `isNull`.
 */
export function wireValueOf(value: MetricValue, dataType: number): Result<WireValue, string> {
  if (value === null) return err(`${dataTypeName(dataType)}: null has no value on the wire`);
  if (INTEGERS.has(dataType)) return integerField(value, dataType);
  if (isArrayType(dataType)) {
    if (!Array.isArray(value)) return refused(value, dataType, "a list");
    const bytes = encodeArray(value, dataType);
    return bytes.ok ? ok({ field: "bytes", value: bytes.value }) : bytes;
  }
  switch (dataType) {
    case DataType.Float:
    case DataType.Double:
      return realField(value, dataType);
    case DataType.Boolean:
      if (typeof value !== "boolean") return refused(value, dataType, "true or false");
      return ok({ field: "boolean", value });
    case DataType.String:
    case DataType.Text:
      return typeof value === "string" ? ok({ field: "string", value }) : refused(value, dataType, "a text");
    case DataType.UUID:
      if (typeof value !== "string" || !UUID.test(value)) return refused(value, dataType, "a UUID");
      return ok({ field: "string", value });
    case DataType.Bytes:
    case DataType.File:
      return value instanceof Uint8Array ? ok({ field: "bytes", value }) : refused(value, dataType, "bytes");
    case DataType.DataSet:
      return isDataSet(value) ? ok({ field: "dataset", value }) : refused(value, dataType, "a data set");
    case DataType.Template:
      return isTemplate(value) ? ok({ field: "template", value }) : refused(value, dataType, "a template");
    default:
      return err(`a metric cannot be written as ${dataTypeName(dataType)}`);
  }
}

function integerField(value: MetricValue, dataType: number): Result<WireValue, string> {
  const integer = integerOf(value, dataType);
  if (!integer.ok) return integer;
  if (INTEGERS.get(dataType)?.bits === 64) return ok({ field: "long", value: unsigned64(integer.value) });
  // Two's complement of 32 bits, whatever the type's own width.
  return ok({ field: "int", value: Number(integer.value) >>> 0 });
}

function realField(value: MetricValue, dataType: number): Result<WireValue, string> {
  const number = numberOf(value, dataType);
  if (!number.ok) return number;
  return ok({ field: dataType === DataType.Float ? "float" : "double", value: Number(number.value) });
}

function isDataSet(value: MetricValue): value is DataSet {
  return typeof value === "object" && value !== null && "rows" in value && "columns" in value;
}

function isTemplate(value: MetricValue): value is Template {
  return typeof value === "object" && value !== null && "metrics" in value && "isDefinition" in value;
}

function refused(value: MetricValue, dataType: number, wanted: string): Result<never, string> {
  return err(`${dataTypeName(dataType)}: ${shown(value)} is not ${wanted}`);
}
