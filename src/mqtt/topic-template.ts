import { err, ok, type Result } from "../kernel/result.js";
import { validateFilter } from "./topic.js";

type Level =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "one"; readonly name: string }
  | { readonly kind: "rest"; readonly name: string };

const PLACEHOLDER = /^\{([A-Za-z][A-Za-z0-9_-]*)(\+?)\}$/;

function parseLevel(text: string, isLast: boolean): Result<Level, string> {
  if (text === "+") return ok({ kind: "any" });
  const match = PLACEHOLDER.exec(text);
  if (match) {
    const name = match[1] as string;
    if (match[2] !== "+") return ok({ kind: "one", name });
    return isLast ? ok({ kind: "rest", name }) : err(`{${name}+} must be the last level`);
  }
  if (/[{}]/.test(text)) return err(`the level "${text}" must be a literal, {name} or {name+}`);
  if (/[#+]/.test(text)) return err(`the level "${text}" contains a wildcard`);
  return ok({ kind: "literal", text });
}

/**
 * A pattern of topics whose levels carry names, such as `{site}/{machine}/{metric+}`. A level is literal text, `+` (any one level, not
 * captured), `{name}` (one non-empty level) or, last, `{name+}` (one or more non-empty levels, joined with `/`).
 */
export class TopicTemplate {
  readonly text: string;
  /** The narrowest MQTT filter that brings every matching topic. */
  readonly filter: string;
  /** The captured names in the order of their levels. */
  readonly names: readonly string[];
  readonly #levels: readonly Level[];
  readonly #hasRest: boolean;

  private constructor(text: string, levels: readonly Level[]) {
    this.text = text;
    this.#levels = levels;
    this.#hasRest = levels.at(-1)?.kind === "rest";
    this.names = levels.flatMap((level) => ("name" in level ? [level.name] : []));
    this.filter = levels
      // `+/#` and not `#`, which would also bring the topic that ends one level earlier.
      .map((level) => (level.kind === "literal" ? level.text : level.kind === "rest" ? "+/#" : "+"))
      .join("/");
  }

  /** Reads a template; the error is a sentence that names the level at fault. */
  static parse(text: string): Result<TopicTemplate, string> {
    if (text.length === 0) return err("the topic template is empty");
    const parts = text.split("/");
    const levels: Level[] = [];
    const seen = new Set<string>();
    for (const [index, part] of parts.entries()) {
      const level = parseLevel(part, index === parts.length - 1);
      if (!level.ok) return err(`topic template "${text}": ${level.error}`);
      if ("name" in level.value) {
        if (seen.has(level.value.name))
          return err(`topic template "${text}": {${level.value.name}} appears twice`);
        seen.add(level.value.name);
      }
      levels.push(level.value);
    }
    const template = new TopicTemplate(text, levels);
    const problem = validateFilter(template.filter);
    return problem === null ? ok(template) : err(`topic template "${text}": ${problem}`);
  }

  /**
   * The captured levels by name, or null when the topic does not match. Several templates tried on one topic
   * share the work of splitting it by passing `levels`, which must be `topic.split("/")`.
   */
  match(topic: string, levels: readonly string[] = topic.split("/")): Record<string, string> | null {
    const own = this.#levels;
    if (this.#hasRest ? levels.length < own.length : levels.length !== own.length) return null;
    // A first pass without allocation: most templates tried on a topic do not match it.
    for (let i = 0; i < own.length; i++) {
      const level = own[i] as Level;
      if (level.kind === "literal") {
        if (level.text !== levels[i]) return null;
      } else if (level.kind !== "any" && levels[i] === "") return null;
    }
    if (topic.startsWith("$") && own[0]?.kind !== "literal") return null;
    const captures: Record<string, string> = {};
    for (let i = 0; i < own.length; i++) {
      const level = own[i] as Level;
      if (level.kind === "one") captures[level.name] = levels[i] as string;
      else if (level.kind === "rest") {
        for (let j = i + 1; j < levels.length; j++) if (levels[j] === "") return null;
        captures[level.name] = i === levels.length - 1 ? (levels[i] as string) : levels.slice(i).join("/");
      }
    }
    return captures;
  }

  /**
   * The beginning of a matching topic up to and including the last level that carries one of `machineNames`: what
   * a machine's command topics begin with. The whole topic when no level carries one or the last is `{name+}`.
   */
  machineTopic(topic: string, machineNames: readonly string[]): string {
    const last = this.#levels.findLastIndex((level) => "name" in level && machineNames.includes(level.name));
    if (last < 0 || this.#levels[last]?.kind === "rest") return topic;
    let end = -1;
    for (let i = 0; i <= last; i++) {
      end = topic.indexOf("/", end + 1);
      if (end < 0) return topic;
    }
    return topic.slice(0, end);
  }
}
