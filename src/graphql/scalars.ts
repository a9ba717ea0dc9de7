import { GraphQLScalarType, Kind, type ValueNode } from "graphql";
import { GraphQLJSON } from "graphql-scalars";

export { GraphQLJSON };

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/i;

export const GraphQLDateTime = new GraphQLScalarType<Date, string>({
  name: "DateTime",
  description:
    "A moment as RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. Any offset is taken as input.",
  serialize(value) {
    if (value instanceof Date) return value.toISOString();
    if (typeof value === "number") return new Date(value).toISOString();
    throw new TypeError(`DateTime cannot show ${String(value)}`);
  },
  parseValue: dateFrom,
  parseLiteral: (node) => dateFrom(literalText(node)),
});

export const GraphQLSafeInt = new GraphQLScalarType<number, number>({
  name: "SafeInt",
  description: "An integer between -(2^53 - 1) and 2^53 - 1.",
  serialize(value) {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw new TypeError(`SafeInt cannot show ${String(value)}`);
    return number;
  },
  parseValue: safeIntFrom,
  parseLiteral: (node) => safeIntFrom(node.kind === Kind.INT ? Number(node.value) : null),
});

/** What a metric holds, inside the server. */
type MetricScalar = number | bigint | string | boolean | null;

export const GraphQLMetricValue = new GraphQLScalarType<MetricScalar, string | number | boolean | null>({
  name: "MetricValue",
  description: "A number, string, boolean or null. Integers beyond 2^53 - 1 travel as decimal strings.",
  serialize: (value) =>
    typeof value === "bigint" ? value.toString() : (value as string | number | boolean | null),
  parseValue: metricValueFrom,
  parseLiteral(node) {
    switch (node.kind) {
      case Kind.NULL:
        return null;
      case Kind.BOOLEAN:
      case Kind.STRING:
        return node.value;
      case Kind.INT:
        return Number.isSafeInteger(Number(node.value)) ? Number(node.value) : BigInt(node.value);
      case Kind.FLOAT:
        return Number(node.value);
      default:
        throw new TypeError("MetricValue must be a number, string, boolean or null");
    }
  },
});

export const GraphQLEquipmentPath = checkedText(
  "EquipmentPath",
  "The slash-separated key of equipment, such as acme/berlin/packaging/line-3/filler-1.",
  (text) =>
    text === "" || /^\/|\/\/|\/$|[+#]/.test(text)
      ? "levels separated by /, none empty, without + and #"
      : null,
);

export const GraphQLTopicFilter = checkedText(
  "TopicFilter",
  "An MQTT filter over canonical topics (<machine path>/<metric name>): + is one level, # the rest.",
  (text) => {
    const levels = text.split("/");
    const wrong = levels.some(
      (level, index) =>
        (level.includes("#") && (level !== "#" || index !== levels.length - 1)) ||
        (level.includes("+") && level !== "+"),
    );
    return text === "" || wrong ? "+ as a whole level and # as the last one only" : null;
  },
);

function checkedText(name: string, description: string, wanted: (text: string) => string | null) {
  const parse = (value: unknown): string => {
    if (typeof value !== "string") throw new TypeError(`${name} must be a string`);
    const problem = wanted(value);
    if (problem !== null) throw new TypeError(`"${value}" is not a ${name}: ${problem}`);
    return value;
  };
  return new GraphQLScalarType<string, string>({
    name,
    description,
    serialize: (value) => String(value),
    parseValue: parse,
    parseLiteral: (node) => parse(literalText(node)),
  });
}

function literalText(node: ValueNode): unknown {
  return node.kind === Kind.STRING ? node.value : null;
}

function dateFrom(value: unknown): Date {
  if (typeof value === "string" && RFC_3339.test(value)) {
    const date = new Date(value);
    // JavaScript takes February 30 for March 2.
    const day = new Date(`${value.slice(0, 10)}T00:00:00Z`);
    const exists = !Number.isNaN(day.getTime()) && day.toISOString().slice(0, 10) === value.slice(0, 10);
    if (exists && !Number.isNaN(date.getTime())) return date;
  }
  throw new TypeError(`${JSON.stringify(value)} is not a DateTime: RFC 3339 such as 2026-01-31T12:00:00Z`);
}

function safeIntFrom(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new TypeError(`${JSON.stringify(value)} is not a SafeInt: an integer up to 2^53 - 1`);
}

function metricValueFrom(value: unknown): MetricScalar {
  if (value === null || ["number", "string", "boolean"].includes(typeof value)) return value as MetricScalar;
  throw new TypeError("MetricValue must be a number, string, boolean or null");
}
