import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import {
  DeadLetterCountsDocument,
  DeadLettersDocument,
  type DeadLettersQueryVariables,
} from "./generated/graphql.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { brokerAvailable, startBroker, type TestBroker } from "./support/broker.js";
import { waitFor } from "./support/wait-for.js";

const MAPPING = "{site}/{line}/{machine}/telemetry";
const PLANT = `
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    mappings:
      - { topic: "${MAPPING}", format: json }
      - { topic: "other/{machine}/{kind}/{what}", format: json }
`;
/** 255 bytes, then characters of two bytes: what is kept ends in the middle of one. */
const CUT = `{"a": ${" ".repeat(249)}${"é".repeat(10)}`;

// Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("dead letters", () => {
  let broker: TestBroker;
  let app: TestApp;
  let device: DeviceClient;
  const since = Date.now();

  beforeAll(async () => {
    broker = await startBroker();
    app = await startTestApp({ mqttUrl: broker.url, plant: PLANT });
    device = connectDevice({ url: broker.url, clientId: "device" });
    await device.ready();
    const messages: [string, string | Buffer][] = [
      ["berlin/l1/press/telemetry", "{'speed': 1}"],
      ["berlin/l1/press/telemetry", Buffer.from([0xff, 0xfe, 0x00])],
      ["berlin/l2/saw/telemetry", CUT],
      ["other/saw/x/y", "no JSON"],
      // What is below a mapped machine and has no mapping is heard only where a filter covers it.
      ["berlin/l1/press/telemetry", '{"speed": 1}'],
    ];
    for (const [topic, payload] of messages) await device.publish(topic, payload, { qos: 1 });
    await waitFor(async () => (await letters()).totalCount === 4);
  });

  afterAll(async () => {
    await device?.end();
    await app?.stop();
    await broker?.stop();
  });

  const letters = async (variables: DeadLettersQueryVariables = {}) =>
    (await app.run(DeadLettersDocument, variables)).deadLetters;
  const topics = async (variables: DeadLettersQueryVariables) =>
    (await letters(variables)).edges.map(({ node }) => node.topic);

  test("are told newest first, with reason, first bytes and what may help", async () => {
    const { edges, totalCount } = await letters();
    expect(totalCount).toBe(4);
    const nodes = edges.map(({ node }) => node);
    expect(nodes.map(({ topic, mapping }) => [topic, mapping])).toEqual([
      ["other/saw/x/y", "other/{machine}/{kind}/{what}"],
      ["berlin/l2/saw/telemetry", MAPPING],
      ["berlin/l1/press/telemetry", MAPPING],
      ["berlin/l1/press/telemetry", MAPPING],
    ]);
    const [, cut, binary, quotes] = nodes;
    expect(quotes).toMatchObject({
      source: "shopfloor",
      reason: expect.stringContaining("JSON"),
      suggestion: expect.stringContaining("double quotes"),
      payload: {
        size: 12,
        text: "{'speed': 1}",
        base64: Buffer.from("{'speed': 1}").toString("base64"),
      },
    });
    expect(Date.parse(quotes?.receivedAt ?? "")).toBeGreaterThan(since - 1_000);
    expect(binary).toMatchObject({ payload: { size: 3, text: null, base64: "//4A" } });
    expect(cut?.payload).toMatchObject({ size: Buffer.byteLength(CUT), text: CUT.slice(0, 255) });
  });

  test("are found by source, mapping and topic, and counted by reason", async () => {
    expect(await topics({ topicPrefix: "berlin/l2" })).toEqual(["berlin/l2/saw/telemetry"]);
    expect(await topics({ mapping: "other/{machine}/{kind}/{what}" })).toEqual(["other/saw/x/y"]);
    expect(await topics({ source: "nobody" })).toEqual([]);
    const { deadLetterCounts } = await app.run(DeadLetterCountsDocument, { topicPrefix: "berlin/" });
    expect(deadLetterCounts.reduce((sum, { count }) => sum + count, 0)).toBe(3);
    expect(deadLetterCounts.every(({ source }) => source === "shopfloor")).toBe(true);
  });

  test("are read page by page", async () => {
    const first = await letters({ first: 3 });
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const rest = await letters({ first: 3, after: first.pageInfo.endCursor ?? "" });
    expect(rest.edges.map(({ node }) => node.payload.text)).toEqual(["{'speed': 1}"]);
    expect(rest.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect((await letters({ last: 1 })).edges).toEqual(rest.edges);
    const before = await letters({ last: 1, before: first.pageInfo.endCursor ?? "" });
    expect(before.edges).toEqual(first.edges.slice(1, 2));
  });

  test.each<[string, DeadLettersQueryVariables]>([
    ["after", { after: Buffer.from("x").toString("base64url") }],
    ["before", { before: Buffer.from("9".repeat(30)).toString("base64url") }],
    ["topicPrefix", { topicPrefix: "a\u0000" }],
  ])("a question that cannot be is told so: %s", async (field, variables) => {
    const answer = await app.ask(DeadLettersDocument.toString(), { ...variables });
    expect(answer.errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", field: [field] } }]);
  });
});
