import type { Mapping } from "./mapping.js";

/** Why a mapping does not take a topic, as a part of a sentence after its name; null when it does. */
export function mismatchOf(mapping: Mapping, topic: string): string | null {
  const levels = topic.split("/");
  if (mapping.route(topic, levels) !== null) return null;
  const wanted = mapping.template.text.split("/");
  const rest = wanted.at(-1)?.endsWith("+}") ?? false;
  if (rest ? levels.length < wanted.length : levels.length !== wanted.length) {
    const count = `${wanted.length} level${wanted.length === 1 ? "" : "s"}`;
    return `wants ${rest ? `at least ${count}` : count}, and the topic has ${levels.length}`;
  }
  const at = wanted.findIndex((text, index) => !levelTakes(text, levels[index] ?? ""));
  if (at >= 0) {
    const text = wanted[at] ?? "";
    const level = JSON.stringify(levels[at]);
    return /^\{|^\+$/.test(text)
      ? `wants level ${at + 1} not to be empty`
      : `wants ${JSON.stringify(text)} as level ${at + 1}, and the topic has ${level}`;
  }
  if (topic.startsWith("$")) return "wants no topic that begins with $";
  if (levels.slice(wanted.length - 1).includes("")) return "wants no empty level";
  return `finds no level that says where the machine ends, as format ${mapping.format} needs it`;
}

function levelTakes(wanted: string, level: string): boolean {
  if (wanted === "+") return true;
  return wanted.startsWith("{") ? level !== "" : wanted === level;
}
