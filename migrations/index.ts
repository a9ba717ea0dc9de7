import { Initial1764000000000 } from "./1764000000000-initial.js";
import { HistorySegments1764500000000 } from "./1764500000000-history-segments.js";

/** All migrations, oldest first. A landed one is never edited: add a new one. */
export const migrations = [Initial1764000000000, HistorySegments1764500000000];
