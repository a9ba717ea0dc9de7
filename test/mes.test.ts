import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DemoPlant } from "../src/demo/demo-plant.js";
import { systemClock } from "../src/kernel/clock.js";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import {
  CancelCommandDocument,
  CommandByIdDocument,
  CommandChangedDocument,
  CommandsOfMachineDocument,
  CompleteMaintenanceDocument,
  CreateMaintenanceOrderDocument,
  MaintenanceOrderChangedDocument,
  OrderByNumberDocument,
  OrderChangedDocument,
  ReleaseOrderDocument,
  SendCommandDocument,
  StartMaintenanceDocument,
  StartOperationDocument,
  UpsertOrdersDocument,
} from "./generated/graphql.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { silentLogger } from "./support/silent-logger.js";
import { waitFor } from "./support/wait-for.js";

const FILLER = "acme/berlin/bottling/line-1/filler-1";
const DEAF = "acme/berlin/bottling/line-1/filler-9";

// The demo plant's machines answer over the embedded broker, as devices do.
describe("a plant that obeys", () => {
  let app: TestApp;
  let demo: DemoPlant;
  let deaf: DeviceClient;

  beforeAll(async () => {
    app = await startTestApp({ env: { DEMO: "off", PLANT_FILE: "examples/demo-plant.yaml" } });
    demo = new DemoPlant({ url: app.mqttUrl, logger: silentLogger, calm: true, clock: systemClock });
    await demo.start();
    deaf = connectDevice({ url: app.mqttUrl, clientId: "deaf" });
    await deaf.ready();
    await deaf.publish(`${DEAF}/telemetry`, JSON.stringify({ ts: Date.now(), state: "IDLE" }), { qos: 1 });
    for (const path of [FILLER, DEAF]) await waitFor(async () => (await connectivity(path)) === "ONLINE");
  });

  afterAll(async () => {
    await deaf?.end();
    await demo?.stop();
    await app?.stop();
  });

  async function connectivity(path: string): Promise<string | undefined> {
    const answer = await app.ask(
      "query($path: EquipmentPath!) { machine(path: $path) { connectivity { status } } }",
      { path },
    );
    return answer.data.machine?.connectivity.status;
  }

  async function send(machine: string, name: string, args: object, more: object = {}) {
    const { sendCommand } = await app.run(SendCommandDocument, {
      input: { machine, name, arguments: args, ...more },
    });
    return sendCommand;
  }

  test("the source tells how it is, and that nothing waits", async () => {
    await waitFor(async () => {
      const answer = await app.ask(
        "{ sources { name health problem mqttVersion lagMessages received committed dead } }",
      );
      const [source] = answer.data.sources;
      expect(source).toMatchObject({
        name: "shopfloor",
        health: "CONNECTED",
        problem: null,
        mqttVersion: "3.1.1",
        dead: 0,
      });
      return source.lagMessages === 0 && source.received > 0 && source.committed === source.received;
    });
  });

  test("a command goes QUEUED, SENT, ACCEPTED, COMPLETED, and each step is seen", async () => {
    const steps = app.collect(CommandChangedDocument, { machine: FILLER });
    // Nothing tells when a subscription is in place, except that it brings something.
    await waitFor(async () => {
      await send(FILLER, "setSpeed", { speed: 300 });
      return steps.length > 0;
    });
    const { command, userErrors } = await send(FILLER, "setSpeed", { speed: 240 });
    expect(userErrors).toEqual([]);
    expect(command).toMatchObject({ status: "QUEUED", topic: `${FILLER}/cmd/setSpeed` });
    const id = command?.id ?? "";
    const seen = () =>
      steps.filter((step) => step.commandChanged.id === id).map((step) => step.commandChanged.status);
    await waitFor(() => seen().includes("COMPLETED"));
    expect(seen()).toEqual(["QUEUED", "SENT", "ACCEPTED", "COMPLETED"]);
    await waitFor(async () => {
      const answer = await app.ask(`{ machine(path: "${FILLER}") { metric(name: "speed") { value } } }`);
      return answer.data.machine.metric.value === 240;
    });
  });

  test("a command that the machine type does not declare, or with wrong arguments, is refused", async () => {
    expect((await send(FILLER, "explode", {})).userErrors[0]).toMatchObject({ code: "COMMAND_UNKNOWN" });
    expect((await send(FILLER, "setSpeed", { speed: "fast" })).userErrors[0]).toMatchObject({
      code: "INVALID_INPUT",
      field: ["arguments", "speed"],
    });
    expect((await send("acme/berlin/nowhere", "start", {})).userErrors[0]).toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("a command to a machine that does not answer times out", async () => {
    const { command } = await send(DEAF, "setSpeed", { speed: 100 }, { timeoutMs: 700 });
    const id = command?.id ?? "";
    const steps = app.collect(CommandChangedDocument, { id });
    await waitFor(() => steps.some((step) => step.commandChanged.status === "TIMED_OUT"));
    const { command: ended } = await app.run(CommandByIdDocument, { id });
    expect(ended).toMatchObject({ status: "TIMED_OUT" });
    expect(ended?.finishedAt).not.toBeNull();
    const { cancelCommand } = await app.run(CancelCommandDocument, { id });
    expect(cancelCommand.userErrors).toMatchObject([{ code: "INVALID_TRANSITION" }]);
  });

  test("the same idempotency key sends one command", async () => {
    const first = await send(FILLER, "setSpeed", { speed: 200 }, { idempotencyKey: "speed-200" });
    const again = await send(FILLER, "setSpeed", { speed: 200 }, { idempotencyKey: "speed-200" });
    expect(again.command?.id).toBe(first.command?.id);
    const other = await send(FILLER, "setSpeed", { speed: 201 }, { idempotencyKey: "speed-200" });
    expect(other.userErrors).toMatchObject([{ code: "IDEMPOTENCY_KEY_REUSED" }]);
    const { machine } = await app.run(CommandsOfMachineDocument, { machine: FILLER });
    expect(machine?.commands.edges.filter((edge) => edge.node.id === first.command?.id)).toHaveLength(1);
  });

  test("a running order counts its pieces by itself and completes", async () => {
    await send(FILLER, "setSpeed", { speed: 600 });
    const operations = [{ sequence: 10, name: "Fill", machine: FILLER }];
    const { upsertOrders } = await app.run(UpsertOrdersDocument, {
      input: { orders: [{ number: "PO-1", product: "water", quantity: 12, operations }] },
    });
    expect(upsertOrders.results).toMatchObject([
      { created: true, order: { status: "CREATED" }, userErrors: [] },
    ]);
    const changes = app.collect(OrderChangedDocument, { number: "PO-1" });
    expect(
      (await app.run(ReleaseOrderDocument, { input: { number: "PO-1" } })).releaseOrder.userErrors,
    ).toEqual([]);
    const { startOperation } = await app.run(StartOperationDocument, {
      input: { order: "PO-1", sequence: 10 },
    });
    expect(startOperation).toMatchObject({
      operation: { status: "RUNNING", machine: { path: FILLER } },
      userErrors: [],
    });
    await waitFor(() => changes.some((change) => change.orderChanged.status === "COMPLETED"));
    const { order } = await app.run(OrderByNumberDocument, { number: "PO-1" });
    expect(order).toMatchObject({ status: "COMPLETED", operations: [{ status: "COMPLETED" }] });
    expect(order?.goodQuantity).toBeGreaterThanOrEqual(12);
    expect(order?.endedAt).not.toBeNull();
    const quantities = changes.map((change) => change.orderChanged.goodQuantity);
    expect(quantities).toEqual([...quantities].sort((a, b) => a - b));
  });

  test("two orders on one machine: the second is told that it is busy, and with what", async () => {
    const operations = [{ sequence: 10, name: "Fill", machine: FILLER, completion: "MANUAL" as const }];
    const orders = ["PO-2", "PO-3"].map((number) => ({ number, product: "water", quantity: 1, operations }));
    await app.run(UpsertOrdersDocument, { input: { orders } });
    for (const { number } of orders) await app.run(ReleaseOrderDocument, { input: { number } });
    const starts = await Promise.all(
      orders.map(({ number }) => app.run(StartOperationDocument, { input: { order: number, sequence: 10 } })),
    );
    const errors = starts.flatMap((start) => start.startOperation.userErrors);
    expect(errors).toMatchObject([{ code: "MACHINE_BUSY" }]);
    expect(errors[0]?.message).toMatch(/PO-[23]/);
  });

  test("maintenance with lockout in progress refuses commands, until it is completed", async () => {
    const changes = app.collect(MaintenanceOrderChangedDocument, { under: "acme/berlin/bottling" });
    const { createMaintenanceOrder } = await app.run(CreateMaintenanceOrderDocument, {
      input: { machine: FILLER, kind: "CORRECTIVE", title: "Replace the valve", lockout: true },
    });
    const number = createMaintenanceOrder.maintenanceOrder?.number ?? "";
    expect((await send(FILLER, "setSpeed", { speed: 300 })).userErrors).toEqual([]);
    await app.run(StartMaintenanceDocument, { input: { number } });
    expect((await send(FILLER, "setSpeed", { speed: 300 })).userErrors).toMatchObject([
      { code: "MACHINE_LOCKED_OUT" },
    ]);
    await app.run(CompleteMaintenanceDocument, { input: { number } });
    expect((await send(FILLER, "setSpeed", { speed: 300 })).userErrors).toEqual([]);
    await waitFor(() => changes.some((change) => change.maintenanceOrderChanged.status === "COMPLETED"));
  });

  test("a command to a machine that said goodbye is refused", async () => {
    await deaf.publish(`${DEAF}/connectivity`, JSON.stringify({ online: false }), { qos: 1 });
    await waitFor(async () => (await connectivity(DEAF)) === "OFFLINE");
    expect((await send(DEAF, "setSpeed", { speed: 1 })).userErrors).toMatchObject([
      { code: "MACHINE_OFFLINE" },
    ]);
  });
});
