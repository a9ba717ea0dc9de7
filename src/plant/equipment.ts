import { err, ok, type Result } from "../kernel/result.js";
import type { MachineType } from "./machine-type.js";

/** The levels of the equipment hierarchy (ISA-95, with the machine as the lowest). */
export const EQUIPMENT_LEVELS = ["ENTERPRISE", "SITE", "AREA", "LINE", "MACHINE"] as const;
export type EquipmentLevel = (typeof EQUIPMENT_LEVELS)[number];

/** One node of the plant. The registry owns it and is the only one that changes it. */
export interface Equipment {
  id: string;
  /** Slash-separated key, such as `acme/berlin/packaging/line-3/filler-1`. */
  readonly path: string;
  name: string;
  level: EquipmentLevel;
  readonly parent: Equipment | null;
  readonly children: Equipment[];
  machineType: MachineType | null;
  /** Made by a message and not by the plant file. */
  discovered: boolean;
}

const LONGEST_PATH = 512;
const DEEPEST_PATH = 16;

/**
 * Checks a path. Levels are separated by `/`, none is empty, and none holds a wildcard or a control character, so
 * that every path is also an MQTT topic.
 */
export function checkPath(path: string): Result<string, string> {
  if (path === "") return err("a path must not be empty");
  if (path.length > LONGEST_PATH) return err(`a path has at most ${LONGEST_PATH} characters`);
  const levels = path.split("/");
  if (levels.length > DEEPEST_PATH) return err(`a path has at most ${DEEPEST_PATH} levels`);
  if (levels.some((level) => level === "")) return err(`"${path}" has an empty level`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  if (/[+#\u0000-\u001f\u007f]/.test(path)) return err(`"${path}" holds +, # or a control character`);
  if (path.startsWith("$")) return err(`"${path}" begins with $, which brokers keep for themselves`);
  return ok(path);
}

export function parentPath(path: string): string | null {
  const at = path.lastIndexOf("/");
  return at < 0 ? null : path.slice(0, at);
}

export function lastLevel(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether `path` is `under` itself or stands anywhere below it. */
export function isUnder(path: string, under: string): boolean {
  return path === under || (path.startsWith(under) && path.charCodeAt(under.length) === 47);
}

/** The level of a group by its depth: 1 ENTERPRISE, 2 SITE, 3 AREA, from 4 on LINE. */
export function levelOfGroup(path: string): EquipmentLevel {
  const depth = path.split("/").length;
  return EQUIPMENT_LEVELS[Math.min(depth, 4) - 1] ?? "LINE";
}
