import { describe, expect, test } from "vitest";
import { suggestionFor } from "./suggestion.js";

const UNMAPPED = "no mapping takes this topic";

function suggestion(topic: string, payload: string | Buffer, reason: string): string | null {
  return suggestionFor({ topic, payload: Buffer.from(payload), reason });
}

describe("a message that nobody maps gets a mapping", () => {
  test.each([
    [
      "acme/berlin/pack/line-3/filler-1/telemetry",
      '{"a":1}',
      '{ topic: "{enterprise}/{site}/{area}/{line}/{machine}/telemetry", format: json }',
    ],
    ["berlin/filler/temperature", "23.5", '{ topic: "{enterprise}/{machine}/{metric+}", format: value }'],
    ["filler/data", '[{"name":"a","value":1}]', '{ topic: "{machine}/data", format: json }'],
    ["a/b/c/d/e/f/g/h", "1", '"{enterprise}/{site}/{area}/{line}/{machine}/{metric+}"'],
    ["/plc/7", "1", '"/{machine}/{metric+}"'],
    ["umh/v1/acme/plant1/_historian/t", '{"value":1,"timestamp_ms":1}', "format: umh"],
    ["umh/v1/acme/_historian", '{"timestamp_ms":1,"t":1}', "format: umh"],
    ["Site/Area/Line/Status/StateCurrent", "Execute", "format: packml"],
    ["/neuron/mqtt-1", '{"node":"m","group":"g","values":{}}', '"/neuron/{machine}"'],
    [
      "plant/cell-1",
      '{"node":"m","group":"g","timestamp":1,"tags":[]}',
      '{ topic: "{machine}/cell-1", format: neuron }',
    ],
    [
      "opcua/json/data/pub/group/writer",
      '{"MessageId":"1","MessageType":"ua-data","Messages":[]}',
      "format opcua",
    ],
    ["spBv1.0/g/DDATA/e/d", Buffer.from([8, 1]), "sparkplug: {}"],
  ])("%s", (topic, payload, wanted) => {
    expect(suggestion(topic, payload as string, UNMAPPED)).toContain(wanted);
  });
});

describe("a message that the mapping cannot read gets what would read it", () => {
  test.each<[string, string | Buffer, string, string]>([
    [
      "a/b",
      '{"x":1}',
      "format value takes a single value, and the payload looks like JSON: map this topic with format json",
      "format json",
    ],
    ["a/b", "5", "format json wants an object, and the payload is a number", "format value"],
    ["a/b", "{'x':1}", "the payload is not JSON: Expected", "double quotes"],
    ["a/b", '{"x":NaN}', "the payload is not JSON: Unexpected", "send null"],
    ["a/b", "{x:1}", "the payload is not JSON: Expected", "double quotes around names"],
    ["a/b", '{"x":1,}', "the payload is not JSON: Expected", "comma"],
    ["a/b", '{"x":1', "the payload is not JSON: Expected", "too early"],
    ["a/b", "on", "the payload is not JSON: Unexpected", "format value"],
    ["a/b", "<x>1</x>", "the payload is not JSON: Unexpected", "XML"],
    ["a/b", Buffer.from([0x1f, 0x8b, 8]), "the payload is not UTF-8 text", "gzip"],
    ["a/b", Buffer.from([0xff, 0xfe]), "the payload is not UTF-8 text", "binary"],
    ["a/b", "", "the payload is empty", "nothing needs to be done"],
    ["a/b", '{"x":1}', "there is no machine a, and the source does not discover", "discovery: auto"],
    ["a/b", '{"x":"y"}', 'x: "y" is not a value of type Int64', "machine type"],
    ["a/b", '{"ts":"now"}', 'ts: "now" is not a time (s, ms, us, ns or ISO 8601)', "timestamp"],
    ["a/b", '{"a#":1}', "a#: a metric name must not hold +, # or a control character", "from, name"],
    ["a//b", "1", "the topic makes no machine path: empty level", "empty level"],
    ["a/b", '{"MessageType":"ua-data","Messages":[]}', "MessageType: is not a value of this format", "opcua"],
    ["spBv1.0/g/DDATA/e/d", Buffer.from([0xff]), "the payload is not UTF-8 text", "sparkplug"],
  ])("%s %s", (topic, payload, reason, wanted) => {
    expect(suggestion(topic, payload, reason)).toContain(wanted);
  });

  test("nothing is said where the reason says all", () => {
    expect(suggestion("a/cmd/go/reply", '{"id":1}', "id: must be a text")).toBeNull();
    expect(suggestion("$SYS/x", "1", UNMAPPED)).toBeNull();
    expect(suggestion("x", "1", UNMAPPED)).toBeNull();
  });
});

test("the head of a large payload is enough, wherever it was cut", () => {
  const payload = Buffer.from(`{"MessageType":"ua-data","text":"${"é".repeat(900)}"}`);
  for (const length of [30, 255, 256, 257])
    expect(suggestion("p/w", payload.subarray(0, length), UNMAPPED)).toContain("opcua");
});
