import { describe, expect, test } from "vitest";
import { MetricNames } from "./metric-names.js";
import { decodeOpcUa } from "./opcua.js";

function decode(payload: unknown, prefix: "none" | "writer" = "none") {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return decodeOpcUa(Buffer.from(text), { names: new MetricNames(), prefix });
}

function samples(payload: unknown, prefix?: "writer") {
  const decoded = decode(payload, prefix);
  if (decoded.kind !== "samples") throw new Error(JSON.stringify(decoded));
  expect(decoded.problems).toEqual([]);
  return decoded.samples.map(({ metric, value, time, quality }) => [
    metric,
    value,
    time === null ? null : new Date(time).toISOString(),
    quality,
  ]);
}

/** A network message of one data set. */
function dataOf(payload: object, header: object = {}) {
  return {
    MessageId: "1",
    MessageType: "ua-data",
    PublisherId: "p",
    Messages: [{ DataSetWriterId: 1, ...header, Payload: payload }],
  };
}

const AT = "2020-03-24T23:30:56.959Z";

describe("messages as publishers write them", () => {
  test("Microsoft's OPC Publisher: DataValues with their own times", () => {
    const message = {
      MessageId: "27",
      MessageType: "ua-data",
      PublisherId: "opc.tcp://opcplc:50000_70FB9F43",
      Messages: [
        {
          DataSetWriterId: 1,
          DataSetWriterName: "1000",
          SequenceNumber: 27,
          MetaDataVersion: { MajorVersion: 1, MinorVersion: 0 },
          MessageType: "ua-deltaframe",
          Timestamp: "2022-03-18T12:55:21.3424136Z",
          Payload: {
            AlternatingBoolean: {
              Value: true,
              SourceTimestamp: "2022-03-18T12:55:20.9313098Z",
              ServerTimestamp: "2022-03-18T12:55:20.9314784Z",
            },
            StepUp: { Value: 23305, SourceTimestamp: "2022-03-18T12:55:21.3313539Z" },
            BadFastUInt1: {
              StatusCode: { Symbol: "BadNoCommunication", Code: 2150694912 },
              SourceTimestamp: "2022-03-18T12:55:20.8409353Z",
            },
          },
        },
      ],
    };
    expect(samples(message)).toEqual([
      ["AlternatingBoolean", true, "2022-03-18T12:55:20.931Z", "GOOD"],
      ["StepUp", 23305, "2022-03-18T12:55:21.331Z", "GOOD"],
      ["BadFastUInt1", null, "2022-03-18T12:55:20.840Z", "BAD"],
    ]);
    expect(samples([message, dataOf({ Other: 1 })]).map(([name]) => name)).toEqual([
      "AlternatingBoolean",
      "StepUp",
      "BadFastUInt1",
      "Other",
    ]);
    expect(samples(message, "writer").map(([name]) => name)).toEqual([
      "1000/AlternatingBoolean",
      "1000/StepUp",
      "1000/BadFastUInt1",
    ]);
  });

  test("umati: UaType and Value, and no times", () => {
    const spindle = dataOf({
      IsRotating: { UaType: 1, Value: true },
      Override: { UaType: 11, Value: 103 },
      Name: { UaType: 12, Value: "Spindle" },
    });
    expect(samples(spindle)).toEqual([
      ["IsRotating", true, null, "GOOD"],
      ["Override", 103, null, "GOOD"],
      ["Name", "Spindle", null, "GOOD"],
    ]);
  });

  test("Beckhoff: Variants of the older encoding, by several writers", () => {
    const message = {
      MessageId: "{0CF7F27A-56FF-1F85-CFC2-12C886365C1D}",
      MessageType: "ua-data",
      Messages: [
        {
          DataSetWriterId: 1,
          Payload: { nCounter: { Type: 4, Body: 18 }, bToogle: { Type: 1, Body: false } },
        },
        { DataSetWriterId: 2, Payload: { myNewVariable: { Type: 4, Body: 42 } } },
      ],
    };
    expect(samples(message)).toEqual([
      ["nCounter", 18, null, "GOOD"],
      ["bToogle", false, null, "GOOD"],
      ["myNewVariable", 42, null, "GOOD"],
    ]);
    expect(samples(message, "writer").map(([name]) => name)).toEqual([
      "1/nCounter",
      "1/bToogle",
      "2/myNewVariable",
    ]);
  });

  test("an event, reversibly encoded with names of types", () => {
    const payload = {
      EventId: { Type: "ByteString", Body: "88C2T817uUWMVNDclyOFnA==" },
      Message: {
        Type: "LocalizedText",
        Body: { Text: "The system cycle '5' has started.", Locale: "en-US" },
      },
      "http://opcfoundation.org/SimpleEvents#CurrentStep": {
        Type: "ExtensionObject",
        Body: {
          TypeId: "http://opcfoundation.org/SimpleEvents#i=183",
          Encoding: "Json",
          Body: { Name: "Step 1", Duration: 1000.0 },
        },
      },
    };
    expect(
      samples(dataOf(payload, { MessageType: "ua-event" })).map(([name, value]) => [name, value]),
    ).toEqual([
      ["EventId", "88C2T817uUWMVNDclyOFnA=="],
      ["Message", "The system cycle '5' has started."],
      ["CurrentStep/Name", "Step 1"],
      ["CurrentStep/Duration", 1000],
    ]);
  });

  test("a monitored item, as OPC Publisher wrote it before Part 14", () => {
    const item = {
      NodeId: "nsu=http://microsoft.com/Opc/OpcPlc/;s=StepUp",
      EndpointUrl: "opc.tcp://opcplc:50000/",
      Value: { Value: 21713, SourceTimestamp: "2022-03-18T12:52:42.1327544Z", StatusCode: 0, Status: "Good" },
    };
    expect(samples(item)).toEqual([["StepUp", 21713, "2022-03-18T12:52:42.132Z", "GOOD"]]);
    expect(samples([{ ...item, DisplayName: "Step up" }])[0]?.[0]).toBe("Step up");
  });
});

describe("without headers", () => {
  const set = { DataSetWriterId: 2, Timestamp: AT, Payload: { T: { Value: 23.5 }, n: 5 } };
  const wanted = [
    ["T", 23.5, AT, "GOOD"],
    ["n", 5, AT, "GOOD"],
  ];
  test.each<[string, unknown, unknown]>([
    [
      "a network message with one data set message that is no array",
      { MessageType: "ua-data", Messages: set },
      wanted,
    ],
    ["a data set message", set, wanted],
    ["an array of data set messages", [set], wanted],
    [
      "a network message of bare fields",
      { MessageType: "ua-data", Messages: [{ T: 23.5 }] },
      [["T", 23.5, null, "GOOD"]],
    ],
    [
      "bare fields",
      { T: 23.5, Axis: { X: 1, Y: [2] } },
      [
        ["T", 23.5, null, "GOOD"],
        ["Axis/X", 1, null, "GOOD"],
        ["Axis/Y/0", 2, null, "GOOD"],
      ],
    ],
  ])("%s", (_, payload, expected) => {
    expect(samples(payload)).toEqual(expected);
  });
});

describe("a field", () => {
  test.each<[string, unknown, unknown[][]]>([
    ["raw", 1234, [["F", 1234]]],
    ["a raw text", "Apple", [["F", "Apple"]]],
    ["null", null, [["F", null]]],
    ["an integer of 64 bits", { UaType: 8, Value: "-9223372036854775808" }, [["F", -9223372036854775808n]]],
    ["a small one", { Type: "UInt64", Body: "42" }, [["F", 42]]],
    [
      "an array of them",
      { UaType: 9, Value: ["1", "2"] },
      [
        ["F/0", 1],
        ["F/1", 2],
      ],
    ],
    ["digits of a text", { UaType: 12, Value: "0042" }, [["F", "0042"]]],
    [
      "a matrix of the new encoding",
      { UaType: 6, Value: [1, 2, 3, 4], Dimensions: [2, 2] },
      [
        ["F/0", 1],
        ["F/1", 2],
        ["F/2", 3],
        ["F/3", 4],
      ],
    ],
    ["a localised text", { Locale: "en", Text: "Hot" }, [["F", "Hot"]]],
    ["a qualified name", { UaType: 20, Value: { Name: "Spindle", Uri: 5 } }, [["F", "Spindle"]]],
    ["a Variant within a DataValue", { Value: { Type: 11, Body: 5.5 } }, [["F", 5.5]]],
    ["a Variant within a structure", { X: { UaType: 6, Value: 7 } }, [["F/X", 7]]],
    [
      "an ExtensionObject of the new encoding",
      { UaTypeId: "i=887", Low: 0, High: 10 },
      [
        ["F/Low", 0],
        ["F/High", 10],
      ],
    ],
    [
      "a structure with a Value of its own",
      { Value: 1, Unit: "bar" },
      [
        ["F/Value", 1],
        ["F/Unit", "bar"],
      ],
    ],
  ])("%s", (_, field, wanted) => {
    expect(samples(dataOf({ F: field })).map(([name, value]) => [name, value])).toEqual(wanted);
  });

  test.each<[string, object | number, string]>([
    ["a status of 0", { Value: 1, StatusCode: 0 }, "GOOD"],
    ["good, with a reason", { Value: 1, Status: { Code: 0x002f0000 } }, "GOOD"],
    ["an empty status", { Value: 1, Status: {} }, "GOOD"],
    ["an uncertain status", { Value: 1, Status: 0x40920000 }, "UNCERTAIN"],
    ["its symbol", { Value: 1, StatusCode: { Symbol: "UncertainLastUsableValue" } }, "UNCERTAIN"],
    ["a bad status", { Value: 1, StatusCode: { Code: 0x80000000 } }, "BAD"],
    ["one that is no status", { Value: 1, StatusCode: [] }, "UNCERTAIN"],
    ["a status instead of a value", { UaType: 19, Value: { Code: 0x80310000 } }, "BAD"],
    ["the same without its type", { Code: 2150694912, Symbol: "BadNoCommunication" }, "BAD"],
    ["not a number", { UaType: 11, Value: "NaN" }, "BAD"],
  ])("with %s has its quality", (_, field, quality) => {
    expect(samples(dataOf({ F: field }))[0]?.[3]).toBe(quality);
  });

  test("has the worse quality of its own and its message's, and its own time before its message's", () => {
    const payload = {
      a: { Value: 1, SourceTimestamp: "2020-01-01T00:00:00Z" },
      b: { Value: 1, ServerTimestamp: "2020-01-02T00:00:00Z" },
      c: { Value: 1, StatusCode: 0x80000000, SourceTimestamp: "0001-01-01T00:00:00Z" },
      d: 1,
    };
    expect(
      samples(dataOf(payload, { Timestamp: AT, Status: 0x40000000 })).map((one) => one.slice(2)),
    ).toEqual([
      ["2020-01-01T00:00:00.000Z", "UNCERTAIN"],
      ["2020-01-02T00:00:00.000Z", "UNCERTAIN"],
      [AT, "BAD"],
      [AT, "UNCERTAIN"],
    ]);
  });

  test("has its name without the namespace", () => {
    const payload = {
      "ns=2;s=Tank.Level": 1,
      "nsu=http://x.org/UA/;Speed": 2,
      "http://x.org/a#i=7": 3,
      "i=2258": 4,
    };
    expect(samples(dataOf(payload)).map(([name]) => name)).toEqual(["Tank.Level", "Speed", "7", "2258"]);
  });
});

describe("messages that bring no values", () => {
  test.each(["ua-metadata", "ua-application", "ua-endpoints", "ua-connection", "ua-action-request"])(
    "%s is ignored",
    (MessageType) => {
      expect(decode({ MessageType, PublisherId: "1", MetaData: { Name: "x" } })).toMatchObject({
        kind: "ignored",
        reason: expect.stringContaining(MessageType),
      });
    },
  );

  test("a keep-alive is a sign of life", () => {
    const keepAlive = { DataSetWriterId: 1, MessageType: "ua-keepalive", Timestamp: AT };
    for (const message of [keepAlive, { MessageType: "ua-data", Messages: [keepAlive] }])
      expect(decode(message)).toEqual({ kind: "samples", samples: [], problems: [] });
  });

  test.each<[unknown, boolean]>([
    [2, true],
    ["Operational_2", true],
    [3, false],
    ["Error", false],
    [0, false],
  ])("a status of %s says whether the publisher is there", (Status, online) => {
    const message = { MessageType: "ua-status", PublisherId: "1", Timestamp: AT, IsCyclic: false, Status };
    expect(decode(message)).toEqual({ kind: "connectivity", online, time: Date.parse(AT) });
  });
});

describe("what is wrong is told by its name", () => {
  test.each<[unknown, string]>([
    ["5", "format opcua wants an object, and the payload is a number"],
    ["{", "not JSON"],
    [{ MessageType: "ua-status" }, "Status: is nothing"],
    [[], "no data set messages"],
    [{ MessageType: "ua-data", Messages: [] }, "no data set messages"],
  ])("%j", (payload, problem) => {
    expect(decode(payload)).toMatchObject({ kind: "problem", problem: expect.stringContaining(problem) });
  });

  test("one wrong part costs only itself", () => {
    const message = {
      MessageType: "ua-data",
      Messages: [
        5,
        { DataSetWriterId: 1, MessageType: "ua-keyframe" },
        { DataSetWriterId: 2, Payload: [] },
        { DataSetWriterId: 3, Timestamp: "now", Status: "odd", Payload: { a: 1 } },
        { DataSetWriterId: 4, Payload: { b: { Value: 1, SourceTimestamp: "now" }, c: 2 } },
      ],
    };
    expect(decode(message)).toMatchObject({
      samples: [{ metric: "a", value: 1, time: null, quality: "UNCERTAIN" }, { metric: "c" }],
      problems: [
        { field: "Messages/0", problem: "is a number, and must be an object" },
        { field: "Messages/1/Payload", problem: "is missing" },
        { field: "Messages/2/Payload", problem: "is an array, and must be an object" },
        { field: "Messages/3/Timestamp", problem: '"now" is not a time' },
        { field: "Messages/3/Status", problem: 'is "odd", and must be a status code' },
        { field: "b", problem: expect.stringContaining('SourceTimestamp: "now"') },
      ],
    });
  });

  test("two writers of one field are not mixed", () => {
    const message = {
      MessageType: "ua-data",
      Messages: [
        { DataSetWriterName: "left", Payload: { Speed: 1 } },
        { DataSetWriterName: "right", Payload: { Speed: 2 } },
      ],
    };
    expect(decode(message)).toMatchObject({
      samples: [{ metric: "Speed", value: 1 }],
      problems: [
        {
          field: "Speed",
          problem: 'the writers "left" and "right" both write it: set prefix: writer in the mapping',
        },
      ],
    });
    expect(samples(message, "writer").map(([name]) => name)).toEqual(["left/Speed", "right/Speed"]);
  });
});
