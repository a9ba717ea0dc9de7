import { readFile } from "node:fs/promises";
import { messageOf } from "../kernel/result.js";
import { formatProblem, type PlantFile, parsePlantFile } from "./plant-file.js";

/** The plant file cannot be used; the message has one line per problem. */
export class PlantFileError extends Error {}

/** @throws PlantFileError naming PLANT_FILE, or each line and field that is wrong. */
export async function readPlantFile(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<PlantFile> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new PlantFileError(`PLANT_FILE ${file} cannot be read: ${messageOf(error)}`);
  }
  const parsed = parsePlantFile(text, env);
  if (parsed.ok) return parsed.value;
  throw new PlantFileError(parsed.error.map((problem) => formatProblem(file, problem)).join("\n"));
}
