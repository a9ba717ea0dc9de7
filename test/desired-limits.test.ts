import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { connectDevice } from "../src/mqtt/device-client.js";
import { DesiredChangedDocument, SetDesiredDocument } from "./generated/graphql.js";
import { startTestApp } from "./support/app.js";
import { brokerAvailable } from "./support/broker.js";
import { rows } from "./support/database.js";
import { DesiredStage, FILLER, PLANT } from "./support/desired-stage.js";
import { mosquittoAvailable, startMosquitto } from "./support/mosquitto.js";
import { waitFor } from "./support/wait-for.js";

const stage = DesiredStage.forEachTest();

describe.skipIf(!brokerAvailable)("a desired value", () => {
  test("is not set when someone else was faster", async () => {
    const { revision } = (await stage.state()) ?? { revision: -1 };
    const { machine } = await stage.set({ speed: 250 }, { expectedRevision: revision, expectedVersion: 0 });
    expect(machine?.desired.version).toBe(1);
    const conflicts = [
      await stage.set({ speed: 260 }, { expectedRevision: revision }),
      await stage.set({ speed: 260 }, { expectedVersion: 0 }),
    ];
    expect(conflicts).toMatchObject([
      { machine: null, userErrors: [{ code: "PRECONDITION_FAILED", field: ["expectedRevision"] }] },
      { machine: null, userErrors: [{ code: "VERSION_CONFLICT", field: ["expectedVersion"] }] },
    ]);
    expect((await stage.state())?.desired).toMatchObject({ version: 1, metrics: [{ value: 250 }] });
    expect((await stage.set({ speed: 260 }, { expectedVersion: 1 })).machine?.desired.version).toBe(2);
    const racing = await Promise.all(
      [1, 2, 3, 4].map((speed) => stage.set({ speed }, { expectedVersion: 2 })),
    );
    expect(racing.filter((outcome) => outcome.machine !== null)).toHaveLength(1);
  });

  test("is set once for a key, however often it is asked", async () => {
    const outcomes = [
      await stage.set({ speed: 250 }, { idempotencyKey: "shift-1" }),
      await stage.set({ speed: 250 }, { idempotencyKey: "shift-1" }),
    ];
    expect(outcomes.map(({ machine }) => machine?.desired.version)).toEqual([1, 1]);
    expect(await stage.set({ speed: 251 }, { idempotencyKey: "shift-1" })).toMatchObject({
      userErrors: [{ code: "IDEMPOTENCY_KEY_REUSED" }],
    });
  });

  test("must be one that the machine type allows, and nothing of a refused input is set", async () => {
    const wrong = await stage.app.run(SetDesiredDocument, {
      input: {
        machine: FILLER,
        metrics: [
          { name: "recipe", value: "cola" },
          { name: "speed", value: 601 },
          { name: "temperature", value: 5 },
          { name: "nonsense", value: 5 },
          { name: "batch", value: "1.5" },
          { name: "recipe", value: "water" },
        ],
      },
    });
    const problems = wrong.setDesired.userErrors.map(({ code, field }) => [code, field?.join(".")]);
    expect(problems).toEqual([
      ["INVALID_INPUT", "metrics.1.value"],
      ["INVALID_INPUT", "metrics.2.name"],
      ["NOT_FOUND", "metrics.3.name"],
      ["INVALID_INPUT", "metrics.4.value"],
      ["INVALID_INPUT", "metrics.5.name"],
    ]);
    expect((await stage.state())?.desired).toMatchObject({ version: 0, metrics: [] });
    const machine = (path: string) => stage.set({ speed: 1 }, { machine: path });
    expect(await machine("acme/nowhere")).toMatchObject({
      userErrors: [{ code: "NOT_FOUND", field: ["machine"] }],
    });
    expect(await machine("acme/berlin/line-1/unknown-1")).toMatchObject({
      userErrors: [{ code: "NOT_FOUND", field: ["metrics", "0", "name"] }],
    });
    expect(await stage.set({})).toMatchObject({
      userErrors: [{ code: "INVALID_INPUT", field: ["metrics"] }],
    });
  });

  test("does not reach a machine that maintenance locks out before that is over", async () => {
    const device = stage.device();
    device.obeys = true;
    await device.comes();
    await stage.online();
    await device.dies();
    await stage.online(stage.app, FILLER, "OFFLINE");
    await stage.set({ speed: 250 });
    const { data } = await stage.app.ask(
      `mutation { createMaintenanceOrder(input: {machine: "${FILLER}", kind: INSPECTION, title: "look", lockout: true}) { maintenanceOrder { number } } }`,
    );
    const { number } = data.createMaintenanceOrder.maintenanceOrder;
    await stage.app.ask(
      `mutation { startMaintenance(input: {number: "${number}"}) { userErrors { code } } }`,
    );
    expect(await stage.set({ speed: 251 })).toMatchObject({ userErrors: [{ code: "MACHINE_LOCKED_OUT" }] });
    await device.comes();
    await stage.online();
    const reason = async () => (await stage.state())?.desired.metrics[0]?.reason;
    await waitFor(async () => (await reason())?.includes(number));
    expect([await stage.statusOf("speed"), device.documents.length]).toEqual(["PENDING", 0]);
    await stage.app.ask(
      `mutation { completeMaintenance(input: {number: "${number}"}) { userErrors { code } } }`,
    );
    await stage.reaches("speed", "SETTLED");
    expect(device.documents).toHaveLength(1);
  });

  test("is never read back as telemetry, and never kept by the broker", async () => {
    const device = stage.device();
    await device.comes();
    await stage.online();
    await stage.set({ recipe: "cola" });
    await waitFor(() => device.documents.length === 1);
    await device.reports({ temperature: 20 });
    await stage.reported("temperature", 20);
    expect((await stage.state())?.metrics.map(({ name }) => name)).toEqual([
      "speed",
      "recipe",
      "batch",
      "temperature",
    ]);
    const late = connectDevice({ url: stage.broker.url, clientId: "late" });
    stage.cleanups.push(() => late.end());
    await late.ready();
    const heard: string[] = [];
    await late.subscribe("#", 1, (topic) => heard.push(topic));
    await waitFor(() => heard.length > 0);
    expect(heard).toEqual([`${FILLER}/connectivity`]);
  });

  test("is delivered once by two servers on one database, whichever of them was asked", async () => {
    const second = await stage.server({ DATABASE_URL: stage.app.env.DATABASE_URL ?? "" });
    const device = stage.device();
    device.obeys = true;
    await device.comes();
    await stage.online();
    const heard = stage.app.collect(DesiredChangedDocument, { machine: FILLER });
    const heardBySecond = second.collect(DesiredChangedDocument, { machine: FILLER });
    await stage.set({ speed: 250 }, {}, second);
    await stage.reaches("speed", "SETTLED");
    await stage.reaches("speed", "SETTLED", second);
    await stage.set({ speed: 300 });
    await waitFor(() => device.documents.length === 2);
    await waitFor(async () => (await stage.state(second))?.desired.version === 2);
    for (const events of [heard, heardBySecond])
      await waitFor(() =>
        events.some((e) => e.desiredChanged.version === 2 && e.desiredChanged.status === "SETTLED"),
      );
    expect(device.documents.map(({ version }) => version)).toEqual([1, 2]);
    // The other one takes over, and what is set there is delivered by it.
    await stage.app.pause();
    await stage.set({ speed: 350 }, {}, second);
    await stage.reaches("speed", "SETTLED", second);
    expect(device.documents.at(-1)).toMatchObject({ version: 3, metrics: { speed: 350 } });
  });

  test("is left alone by a server that only stands by, whatever it knew of the machine", async () => {
    const device = stage.device();
    await device.comes();
    await stage.online();
    await device.reports({ speed: 100, recipe: "water" });
    await stage.reported("recipe", "water");
    await device.dies();
    await stage.online(stage.app, FILLER, "OFFLINE");
    await waitFor(async () => {
      const [twin] = await rows<{ connectivity: string }>(
        stage.app.env.DATABASE_URL ?? "",
        "SELECT * FROM twin",
      );
      return twin?.connectivity === "OFFLINE";
    });
    const second = await stage.server({ DATABASE_URL: stage.app.env.DATABASE_URL ?? "" });
    await device.comes();
    await stage.online();
    await stage.set({ speed: 250, recipe: "cola" });
    for (const at of [stage.app, second]) await stage.reaches("speed", "NOT_FOLLOWED", at);
    expect([await stage.statusOf("recipe"), await stage.statusOf("recipe", second)]).toEqual([
      "SENT",
      "SENT",
    ]);
    expect(device.documents).toHaveLength(1);
  });
});

test.skipIf(!mosquittoAvailable)("what the broker refuses to carry waits, and says why", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "mes-twin-acl-"));
  stage.cleanups.push(() => rm(folder, { recursive: true }));
  const acl = path.join(folder, "acl");
  await chmod(folder, 0o755);
  await writeFile(acl, `topic readwrite #\ntopic deny ${FILLER}/desired\n`);
  const strict = await startMosquitto({ config: [`acl_file ${acl}`] });
  stage.cleanups.push(() => strict.stop());
  const at = await startTestApp({ mqttUrl: strict.url, plant: PLANT });
  stage.cleanups.push(() => at.stop());
  const device = connectDevice({ url: strict.url, clientId: "filler-1" });
  stage.cleanups.push(() => device.end());
  await device.ready();
  await device.publish(`${FILLER}/telemetry`, JSON.stringify({ ts: Date.now(), speed: 100 }), { qos: 1 });
  await stage.online(at);
  await stage.set({ speed: 250 }, {}, at);
  await waitFor(async () =>
    (await stage.state(at))?.desired.metrics[0]?.reason?.includes("does not authorize"),
  );
  expect(await stage.statusOf("speed", at)).toBe("PENDING");
});
