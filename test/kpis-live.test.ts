import { afterAll, beforeAll, expect, test } from "vitest";
import { at, KpiFloor, LIVE, MINUTE, PRESS } from "./support/kpi-floor.js";
import { waitFor } from "./support/wait-for.js";

let floor: KpiFloor;

beforeAll(async () => {
  floor = await KpiFloor.start();
  await floor.playPress();
}, 60_000);

afterAll(() => floor?.stop());

test("subscribers of the live report get it at once, after changes, and at most once a second", async () => {
  const begun = Date.now() - 60 * MINUTE;
  const document = `subscription { kpiChanged(path: "acme/site/area/line-3", from: "${new Date(begun).toISOString()}") {
      goodQuantity actualProductionTimeMs finality to } }`;
  const started = Date.now();
  const [one, other] = [floor.app.follow(document), floor.app.follow(document)];
  for (const { events } of [one, other])
    await waitFor(() => events.at(-1)?.data.kpiChanged.goodQuantity === 0);
  await floor.tell(LIVE, begun, { state: "EXECUTE", good: 0 });
  for (let good = 1; good <= 30; good += 1) {
    await floor.tell(LIVE, Date.now(), { good });
    await floor.committed();
  }
  for (const { events, problem } of [one, other]) {
    await waitFor(() => events.at(-1)?.data.kpiChanged.goodQuantity === 30);
    expect(problem).toBeNull();
    expect(events.at(-1)?.data.kpiChanged).toMatchObject({ finality: "PROVISIONAL" });
    expect(events.at(-1)?.data.kpiChanged.actualProductionTimeMs).toBeGreaterThanOrEqual(60 * MINUTE);
    expect(events.length).toBeLessThanOrEqual((Date.now() - started) / 1_000 + 2);
  }
});

test("the live report follows what people say of downtimes, and the calendar", async () => {
  const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();
  await floor.tell(LIVE, ago(50), { state: "HELD" });
  await floor.tell(LIVE, ago(40), { state: "EXECUTE" });
  await floor.committed();
  const live = floor.app.follow(
    `subscription { kpiChanged(path: "${LIVE}", from: "${ago(55)}") { plannedDownTimeMs notPlannedTimeMs } }`,
  );
  const latest = () => live.events.at(-1)?.data.kpiChanged;
  await waitFor(() => latest()?.plannedDownTimeMs === 0);
  const { machine } = await floor.ask(
    `{ machine(path: "${LIVE}") { downtimes(from: "${ago(55)}") { edges { node { id } } } } }`,
  );
  await floor.ask(
    "mutation ($input: ClassifyDowntimeInput!) { classifyDowntime(input: $input) { userErrors { message } } }",
    { input: { id: machine.downtimes.edges[0].node.id, category: "PLANNED", reason: "cleaning" } },
  );
  await waitFor(() => latest()?.plannedDownTimeMs > 0);
  const { planStop } = await floor.ask(
    "mutation ($input: PlanStopInput!) { planStop(input: $input) { userErrors { message } } }",
    { input: { equipment: "acme/site/area/line-3", from: ago(52), to: ago(41), reason: "power cut" } },
  );
  expect(planStop.userErrors).toEqual([]);
  await waitFor(() => latest()?.notPlannedTimeMs > 0);
  expect(live.problem).toBeNull();
});

test.each([
  ["a shift that is none", `path: "${PRESS}", shift: "Nigth"`, "shift"],
  ["a time and a shift", `path: "${PRESS}", shift: "Early", from: "2026-01-01T00:00:00Z"`, "shift"],
  ["a time to come", `path: "${PRESS}", from: "2090-01-01T00:00:00Z"`, "from"],
  ["equipment that is none", 'path: "acme/nowhere"', "path"],
])("a live report of %s is refused and names the argument", async (_, args, field) => {
  const live = floor.app.follow(`subscription { kpiChanged(${args}) { oee } }`);
  const [error] = await waitFor(() => live.events.find(({ errors }) => errors)?.errors);
  expect(error?.extensions).toMatchObject({ code: "BAD_USER_INPUT", field: [field] });
});

test("late data and what people say restate the report", async () => {
  await floor.tell(PRESS, at(400), { state: "ABORTED" });
  await floor.tell(PRESS, at(410), { state: "EXECUTE" });
  await floor.committed();
  const late = await floor.kpis(PRESS, "availability failureCount actualDownTimeMs finality");
  expect(late).toMatchObject({ failureCount: 2, actualDownTimeMs: 57 * MINUTE, finality: "FINAL" });
  const { machine } = await floor.ask(
    `{ machine(path: "${PRESS}") { downtimes(from: "${at(395)}", to: "${at(405)}") { edges { node { id } } } } }`,
  );
  const { classifyDowntime } = await floor.ask(
    `mutation ($input: ClassifyDowntimeInput!) { classifyDowntime(input: $input) { userErrors { message } } }`,
    { input: { id: machine.downtimes.edges[0].node.id, category: "UNPLANNED", reason: "jam" } },
  );
  expect(classifyDowntime.userErrors).toEqual([]);
  const { losses } = await floor.kpis(PRESS, "losses { kind reason durationMs downtimeCount }");
  expect(losses).toContainEqual({ kind: "REASON", reason: "jam", durationMs: 57 * MINUTE, downtimeCount: 2 });
});
