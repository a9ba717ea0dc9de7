import type { Database } from "../../src/db/database.js";
import { BlockStore } from "../../src/history/block.store.js";
import { FrameStore } from "../../src/history/frame.store.js";
import { HistoryService } from "../../src/history/history.service.js";
import { RangeService } from "../../src/history/range.service.js";
import { RangeStore } from "../../src/history/range.store.js";
import { RollupStore } from "../../src/history/rollup.store.js";
import { SegmentStore } from "../../src/history/segment.store.js";

/** The history of a database, to write and to read. */
export function historyOf(db: Database): { history: HistoryService; ranges: RangeService } {
  const frames = new FrameStore({ db, segments: new SegmentStore() });
  const blocks = new BlockStore();
  const rollups = new RollupStore();
  const ranges = new RangeService({ db, frames, blocks, rollups, store: new RangeStore() });
  return { history: new HistoryService({ frames, blocks }), ranges };
}
