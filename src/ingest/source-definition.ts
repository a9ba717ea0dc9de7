import { err, ok, type Result } from "../kernel/result.js";
import { settingProblem } from "../kernel/setting-problem.js";
import { parseBrokerUrl } from "../mqtt/broker-url.js";
import { sourceSettings } from "../plant/source-settings.js";
import { type CompiledSource, MappingTable } from "./mapping.js";

/** It is a part of client ids and of keys in the database. */
export const LONGEST_NAME = 100;

/** What is wrong in a source's settings. */
export interface DefinitionProblem {
  /** Where, outermost first, such as `["mappings", 0, "topic"]`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * A source as it was written through the API or stands in the database, ready to be consumed; it is read exactly as one of
 * the plant file.
 * @returns every problem at once; mappings are checked once the rest is right.
 */
export function compileDefinition(definition: unknown): Result<CompiledSource, readonly DefinitionProblem[]> {
  const read = sourceSettings.safeParse(definition, { error: settingProblem });
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }) => ({ path: path.map(keyOf), message }));
    return err(problems);
  }
  const config = read.data;
  const problems: DefinitionProblem[] = [];
  if (config.name.length > LONGEST_NAME)
    problems.push({ path: ["name"], message: `must have at most ${LONGEST_NAME} characters` });
  const address = parseBrokerUrl(config.url);
  if (!address.ok) problems.push({ path: ["url"], message: address.error });
  const table = MappingTable.compile(config);
  if (!table.ok) for (const { index, problem } of table.error) problems.push(inMapping(index, problem));
  return table.ok && problems.length === 0 ? ok({ config, table: table.value }) : err(problems);
}

/** Such as `mappings[0].topic: must not be empty`. */
export function describeProblem({ path, message }: DefinitionProblem): string {
  const field = path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
  return field === "" ? message : `${field}: ${message}`;
}

/** Problems of a mapping begin with the setting that they are about. */
function inMapping(index: number, problem: string): DefinitionProblem {
  const [, setting, message] = /^(\w+): (.+)$/s.exec(problem) ?? [];
  if (setting === undefined || message === undefined) return { path: ["mappings", index], message: problem };
  return { path: ["mappings", index, setting], message };
}

function keyOf(part: PropertyKey): string | number {
  return typeof part === "number" ? part : String(part);
}
