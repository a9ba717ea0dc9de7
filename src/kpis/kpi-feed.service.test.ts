import "reflect-metadata";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.js";
import { historyOf } from "../../test/support/history.js";
import { silentLogger } from "../../test/support/silent-logger.js";
import { waitFor } from "../../test/support/wait-for.js";
import { ActivityService } from "../activity/activity.service.js";
import { ActivityStore } from "../activity/activity.store.js";
import { CalendarService } from "../calendar/calendar.service.js";
import { PlannedStopStore } from "../calendar/planned-stop.store.js";
import { Database } from "../db/database.js";
import { DowntimeStore } from "../downtime/downtime.store.js";
import { TimeModelService } from "../downtime/time-model.service.js";
import { entities } from "../entities.js";
import { StretchStore } from "../history/stretch.store.js";
import { OperationRunService } from "../orders/operation-run.service.js";
import { OrderStore } from "../orders/order.store.js";
import { OrderEventStore } from "../orders/order-event.store.js";
import { OrderListStore } from "../orders/order-list.store.js";
import { OrderQueryService } from "../orders/order-query.service.js";
import type { Equipment } from "../plant/equipment.js";
import { parsePlantFile } from "../plant/plant-file.js";
import { OperatorCountStore } from "../production/operator-count.store.js";
import { createServices, type Services } from "../services.js";
import { EnergyService } from "./energy.service.js";
import { KpiService } from "./kpi.service.js";
import { type Followed, KpiFeed, type KpiNews } from "./kpi-feed.service.js";
import { PartReader } from "./part-reader.service.js";

const [MINUTE, HOUR] = [60_000, 3_600_000];
const LONG = 600_000;
const PLANT = `
calendars:
  - name: two-shift
    timeZone: UTC
    shifts: [{ name: Early, start: "06:00", end: "14:00" }, { name: Late, start: "14:00", end: "22:00" }]
machineTypes:
  - { name: press, idealCycleTime: 1s, metrics: [{ name: state, type: String, role: STATE }] }
equipment:
  - { path: acme/line/press, type: press, calendar: two-shift }
  - { path: acme/line/other, type: press }
`;

let database: TestDatabase;
let db: Database;
let services: Services;
/** How far the clock is from that of the computer. */
let offset = 0;
const clock = { now: () => Date.now() + offset };
const open: AsyncIterableIterator<KpiNews>[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Database({ url: database.url, entities, logger: silentLogger });
  await db.start();
  services = createServices(db, silentLogger, { embeddedDatabase: false });
  const file = parsePlantFile(PLANT, {});
  if (!file.ok) throw new Error(JSON.stringify(file.error));
  await services.plant.load();
  await services.plant.apply(file.value);
});
afterEach(async () => {
  offset = 0;
  for (const one of open.splice(0)) await one.return?.();
});
afterAll(async () => {
  await db?.stop();
  await database?.drop();
});

function feedWith(pace: { gapMs: number; everyMs: number }): KpiFeed {
  const { live, twins, plant: plants } = services;
  const store = new PlannedStopStore(db);
  const calendar = new CalendarService({ store, db, plants, live, clock });
  const activity = new ActivityService({
    store: new ActivityStore(db),
    operators: new OperatorCountStore(db),
  });
  const time = new TimeModelService({
    activity,
    calendar,
    runs: new OperationRunService({ events: new OrderEventStore(db) }),
    maintenance: services.mes.maintenance,
    store: new DowntimeStore(db),
    clock,
  });
  const kpis = new KpiService({
    reader: new PartReader({ time, counts: activity }),
    operations: new OrderQueryService({ store: new OrderStore(db), lists: new OrderListStore(db) }),
    energy: new EnergyService({ ranges: historyOf(db).ranges, samples: new StretchStore(), twins, db }),
    shifts: calendar,
    plants,
    clock,
  });
  return new KpiFeed({ kpis, live, clock, logger: silentLogger, ...pace });
}

function at(path: string): Equipment {
  const found = services.plant.plant.byPath(path);
  if (!found) throw new Error(`there is no ${path}`);
  return found;
}

/** What a subscriber has got so far. */
function subscribe(feed: KpiFeed, followed: Followed): KpiNews[] {
  const got: KpiNews[] = [];
  const news = feed.follow(followed);
  open.push(news);
  void (async () => {
    for await (const one of news) got.push(one);
  })();
  return got;
}

const since = (path: string): Followed => ({
  equipment: at(path),
  from: new Date(clock.now() - HOUR),
  shift: null,
});

/** Moves the clock to a time of the day in UTC. */
function setClock(hours: number, ms = 0): void {
  offset = Date.parse("2026-05-06T00:00:00Z") + hours * HOUR + ms - Date.now();
}

function changed(path: string): void {
  const machines = [...services.plant.plant.machines(at(path))];
  services.live.publish("activityChanged", { machines, from: clock.now() });
}

test("without any change there is a report again and again, each up to its moment", async () => {
  const got = subscribe(feedWith({ gapMs: 1, everyMs: 50 }), since("acme/line"));
  await waitFor(() => got.length >= 4);
  const ends = got.map(({ report }) => report.range.to);
  expect(ends).toEqual([...ends].sort((a, b) => a - b));
  expect((ends[3] ?? 0) - (ends[0] ?? 0)).toBeGreaterThanOrEqual(150 - 3);
});

test("all that follow the same share one computation, and others have their own", async () => {
  const feed = feedWith({ gapMs: 20, everyMs: LONG });
  const followed = since("acme/line");
  const [one, same] = [subscribe(feed, followed), subscribe(feed, { ...followed })];
  const other = subscribe(feed, since("acme/line/press"));
  expect(feed.topics).toBe(2);
  await waitFor(() => one.length > 0 && same.length > 0 && other.length > 0);
  changed("acme/line/other");
  await waitFor(() => one.length > 1 && same.length > 1);
  expect(same.at(-1)?.report).toBe(one.at(-1)?.report);
  // What changed is none of theirs.
  expect(other).toHaveLength(1);
  expect(services.live.listenerCount).toBeGreaterThan(0);
  for (const news of open.splice(0)) await news.return?.();
  expect(feed.topics).toBe(0);
  await waitFor(() => !services.live.hasListeners("activityChanged"));
});

test("who comes later gets a report at once", async () => {
  const feed = feedWith({ gapMs: 20, everyMs: LONG });
  const followed = since("acme/line");
  const first = subscribe(feed, followed);
  await waitFor(() => first.length === 1);
  const second = subscribe(feed, followed);
  await waitFor(() => second.length === 1);
});

test("changes in quick succession make one report a gap", async () => {
  const feed = feedWith({ gapMs: 200, everyMs: LONG });
  const got = subscribe(feed, since("acme/line/press"));
  const begun = Date.now();
  await waitFor(() => {
    changed("acme/line/press");
    return got.length >= 4;
  });
  expect(Date.now() - begun).toBeGreaterThanOrEqual(3 * 200 - 5);
});

test("a clock that is set back by an hour keeps no report back", async () => {
  const feed = feedWith({ gapMs: 20, everyMs: LONG });
  const got = subscribe(feed, since("acme/line/press"));
  await waitFor(() => got.length > 0);
  offset = -HOUR;
  changed("acme/line/press");
  await waitFor(() => got.length > 1);
});

test("the report moves to the next shift as soon as that begins, and a named one stays", async () => {
  setClock(14, -1_500);
  const feed = feedWith({ gapMs: 20, everyMs: LONG });
  const any = subscribe(feed, { equipment: at("acme/line"), from: null, shift: null });
  const early = subscribe(feed, { equipment: at("acme/line"), from: null, shift: "Early" });
  await waitFor(() => any.length > 0 && early.length > 0);
  expect([any[0]?.shift?.name, early[0]?.shift?.name]).toEqual(["Early", "Early"]);
  await waitFor(() => any.at(-1)?.shift?.name === "Late");
  await waitFor(() => early.at(-1)?.report.range.to === early.at(-1)?.shift?.to);
});

test("a shift that is over cares for late data and not for new", async () => {
  setClock(23);
  const feed = feedWith({ gapMs: 20, everyMs: LONG });
  const late = subscribe(feed, { equipment: at("acme/line/press"), from: null, shift: null });
  await waitFor(() => late.length === 1);
  expect(late[0]).toMatchObject({ shift: { name: "Late" } });
  const machines = [...services.plant.plant.machines(at("acme/line/press"))];
  const all = subscribe(feed, since("acme/line/press"));
  await waitFor(() => all.length === 1);
  services.live.publish("activityChanged", { machines, from: clock.now() });
  await waitFor(() => all.length > 1);
  expect(late).toHaveLength(1);
  services.live.publish("activityChanged", { machines, from: clock.now() - 2 * HOUR });
  await waitFor(() => late.length === 2);
});

test.each(["downtimeStated", "calendarChanged"] as const)("%s makes a new report", async (kind) => {
  const feed = feedWith({ gapMs: 20, everyMs: LONG });
  const got = subscribe(feed, since("acme/line"));
  await waitFor(() => got.length === 1);
  services.live.publish(kind, { machines: [at("acme/line/other")], from: clock.now() - 10 * MINUTE });
  await waitFor(() => got.length === 2);
});
