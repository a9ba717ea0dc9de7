import { describe, expect, test } from "vitest";
import {
  DesiredChangedDocument,
  DesiredOfMachineDocument,
  MachineChangedWithDesiredDocument,
} from "./generated/graphql.js";
import { brokerAvailable } from "./support/broker.js";
import { CAPPER, DesiredStage, FILLER } from "./support/desired-stage.js";
import { waitFor } from "./support/wait-for.js";

const stage = DesiredStage.forEachTest();

describe.skipIf(!brokerAvailable)("a desired value", () => {
  test("reaches a machine that is there, and is settled by its report", async () => {
    const device = stage.device();
    device.obeys = true;
    await device.comes();
    await stage.online();
    const events = stage.app.collect(DesiredChangedDocument, { machine: FILLER });
    const twin = stage.app.collect(MachineChangedWithDesiredDocument, { path: FILLER });
    await waitFor(() => twin.length === 1);
    const { machine, userErrors } = await stage.set({ speed: 250, batch: "9007199254740993" });
    expect(userErrors).toEqual([]);
    expect(machine?.desired).toMatchObject({ version: 1, status: "PENDING" });
    await stage.reaches("speed", "SETTLED");
    await waitFor(() => device.documents.length === 1);
    expect(device.texts[0]).toMatch(
      /^\{"version":1,"metrics":\{.*"batch":9007199254740993[,}].*"issuedAt":"/,
    );
    expect(device.documents[0]?.metrics.speed).toBe(250);
    expect((await stage.state())?.metrics.find(({ name }) => name === "speed")).toMatchObject({
      value: 250,
      desired: 250,
      desiredStatus: "SETTLED",
      desiredVersion: 1,
      desiredBy: "anonymous",
      desiredAt: expect.stringMatching(/Z$/),
    });
    const steps = () =>
      events.flatMap((e) => (e.desiredChanged.metric === "speed" ? [e.desiredChanged.status] : []));
    await waitFor(() => steps().includes("SETTLED"));
    expect(steps()[0]).toBe("PENDING");
    // The twin tells each step as a change of its own, without holes.
    const last = () => twin.at(-1)?.machineChanged;
    await waitFor(() =>
      twin.some(({ machineChanged: { kind, metrics } }) =>
        metrics.some((m) => kind === "DELTA" && m.name === "speed" && m.desiredStatus === "SETTLED"),
      ),
    );
    const revisions = twin.map(({ machineChanged }) => machineChanged.revision);
    expect(revisions).toEqual(revisions.map((_, index) => (revisions[0] ?? 0) + index));
    expect(last()?.revision).toBeLessThanOrEqual((await stage.state())?.revision ?? 0);
    expect(device.documents).toHaveLength(1);
  });

  test("that is set while the machine is offline waits, and is delivered when it is back", async () => {
    const device = stage.device();
    await device.comes();
    await stage.online();
    await device.reports({ speed: 100 });
    await stage.reported("speed", 100);
    await device.dies();
    await stage.online(stage.app, FILLER, "OFFLINE");
    await stage.set({ speed: 250 });
    expect(await stage.statusOf("speed")).toBe("PENDING");
    expect(device.documents).toEqual([]);
    device.obeys = true;
    await device.comes();
    await stage.reaches("speed", "SETTLED");
    expect(device.documents).toMatchObject([{ version: 1, metrics: { speed: 250 } }]);
  });

  test("waits for a machine that was never heard", async () => {
    await stage.set({ speed: 250 });
    const before = (await stage.state())?.revision;
    await stage.set({ speed: 251 });
    expect((await stage.state())?.revision).toBe((before ?? 0) + 1);
    // Nobody who saw that revision takes a later one for it after a restart.
    await stage.app.pause();
    await stage.resume();
    expect((await stage.state())?.revision).toBe((before ?? 0) + 1);
    const device = stage.device();
    device.obeys = true;
    await device.comes();
    await stage.reaches("speed", "SETTLED");
    expect(device.documents).toMatchObject([{ version: 2, metrics: { speed: 251 } }]);
  });

  test("that the machine ignores is shown as not followed, and settles when it is followed late", async () => {
    const device = stage.device();
    await device.comes();
    await stage.online();
    const events = stage.app.collect(DesiredChangedDocument, { machine: FILLER });
    await device.reports({ speed: 100 });
    await stage.set({ speed: 250, recipe: "cola" });
    await stage.reaches("speed", "NOT_FOLLOWED");
    // Its own time is longer than the type's.
    expect(await stage.statusOf("recipe")).toBe("SENT");
    expect((await stage.state())?.desired.status).toBe("NOT_FOLLOWED");
    await waitFor(() => events.some((e) => e.desiredChanged.status === "NOT_FOLLOWED"));
    expect(device.documents).toHaveLength(1);
    await device.reports({ speed: 250.0000001 });
    await stage.reaches("speed", "SETTLED");
    await waitFor(() => events.some((e) => e.desiredChanged.status === "SETTLED"));
  });

  test("that is not followed is sent again when the machine comes back", async () => {
    const device = stage.device();
    await device.comes();
    await stage.online();
    await device.reports({ speed: 100 });
    await stage.set({ speed: 250 });
    await stage.reaches("speed", "NOT_FOLLOWED");
    await device.dies();
    await stage.online(stage.app, FILLER, "OFFLINE");
    device.obeys = true;
    await device.comes();
    await stage.reaches("speed", "SETTLED");
    expect(device.documents.map(({ version }) => version)).toEqual([1, 1]);
  });

  test("that a restarted machine has forgotten is sent again, one that someone changed at the machine is not", async () => {
    const device = stage.device();
    device.obeys = true;
    await device.comes();
    await stage.online();
    await stage.set({ speed: 250 });
    await stage.reaches("speed", "SETTLED");
    device.obeys = false;
    await device.reports({ speed: 90 });
    await stage.reaches("speed", "NOT_FOLLOWED");
    expect(device.documents).toHaveLength(1);
    await device.reports({ speed: 250 });
    await stage.reaches("speed", "SETTLED");
    await device.dies();
    await stage.online(stage.app, FILLER, "OFFLINE");
    device.obeys = true;
    await device.comes();
    await stage.online();
    await device.reports({ speed: 0 });
    await waitFor(() => device.documents.length === 2);
    await stage.reaches("speed", "SETTLED");
    expect(device.documents[1]).toMatchObject({ version: 1, metrics: { speed: 250 } });
  });

  test("that the machine reports already is not sent", async () => {
    const device = stage.device();
    await device.comes();
    await device.reports({ speed: 250, recipe: "cola" });
    await stage.reported("recipe", "cola");
    await stage.set({ speed: 250, recipe: "water" });
    await stage.reaches("speed", "SETTLED");
    await waitFor(() => device.documents.length === 1);
    expect(device.documents[0]?.metrics).toEqual({ recipe: "water" });
  });

  test("survives a restart of the server, with its version, and is sent again", async () => {
    const device = stage.device();
    await device.comes();
    await stage.online();
    await device.reports({ speed: 100 });
    await stage.set({ speed: 250, recipe: "cola" });
    await stage.reaches("recipe", "SENT");
    await waitFor(() => device.documents.length === 1);
    await stage.app.pause();
    device.obeys = true;
    await stage.resume();
    await stage.reaches("speed", "SETTLED");
    await stage.reaches("recipe", "SETTLED");
    expect(device.documents.map(({ version }) => version)).toEqual([1, 1]);
    expect((await stage.state())?.desired.version).toBe(1);
    expect((await stage.set({ speed: 251 })).machine?.desired.version).toBe(2);
  });

  test("shows as not followed also when the server restarted meanwhile", async () => {
    const device = stage.device();
    await device.comes();
    await stage.online();
    await device.reports({ speed: 100 });
    await stage.set({ speed: 250 });
    await stage.reaches("speed", "SENT");
    await stage.app.pause();
    await stage.resume();
    await stage.reaches("speed", "NOT_FOLLOWED");
  });

  test("is sent again when the connection to the broker was lost", async () => {
    const device = stage.device();
    await device.comes();
    await stage.online();
    await device.reports({ speed: 100, recipe: "water" });
    await stage.set({ recipe: "cola" });
    await stage.reaches("recipe", "SENT");
    await stage.broker.interrupt();
    await waitFor(() => device.documents.length === 2);
    expect(device.documents[1]).toMatchObject({ version: 1, metrics: { recipe: "cola" } });
  });

  test("is cleared by null, and the device is told that it is no longer wanted", async () => {
    const device = stage.device();
    await device.comes();
    await stage.online();
    const events = stage.app.collect(DesiredChangedDocument, {});
    await device.reports({ speed: 100, recipe: "water" });
    await stage.set({ speed: 250, recipe: "cola" });
    await stage.reaches("recipe", "SENT");
    await stage.set({ recipe: null });
    await waitFor(() => device.documents.length === 2);
    expect(device.documents[1]).toMatchObject({ version: 2, metrics: { speed: 250 } });
    await stage.set({ speed: null });
    await waitFor(() => device.documents.length === 3);
    expect(device.documents[2]).toMatchObject({ version: 3, metrics: {} });
    expect(await stage.state()).toMatchObject({ desired: { version: 3, status: null, metrics: [] } });
    await waitFor(() => events.at(-1)?.desiredChanged.status === "CLEARED");
    expect(events.at(-1)?.desiredChanged).toMatchObject({ metric: "speed", value: null, version: 3 });
    // Nothing to clear: nothing changes.
    expect((await stage.set({ speed: null, nonsense: null })).machine?.desired.version).toBe(3);
    expect(await stage.app.run(DesiredOfMachineDocument, { machine: CAPPER })).toMatchObject({
      machine: { desired: { version: 0, status: null } },
    });
  });
});
