import { err, ok, type Result } from "../kernel/result.js";
import type { MachineModel } from "./machine-model.js";

/** The one value of a machine that may be desired. */
const SPEED = "speed";

/**
 * Takes what is desired of a machine. It has no I/O, and answers nothing: the machine's next report tells what it made of it, as it
 * does of what the machine cannot follow.
 */
export class DesiredDesk {
  readonly #model: MachineModel;
  #version = 0;

  constructor(options: { model: MachineModel }) {
    this.#model = options.model;
  }

  /** The connection is lost: the versions of before say nothing about those on the next one. */
  forget(): void {
    this.#version = 0;
  }

  /**
   * Follows a document as far as the machine can. One with a lower version than the last is passed over.
   * @returns what of it cannot be followed, by metric; the error says why the message is no such document.
   */
  receive(payload: Buffer | string): Result<readonly string[], string> {
    const parsed = parseDesired(payload.toString());
    if (!parsed.ok) return parsed;
    const { version, metrics } = parsed.value;
    if (version < this.#version) return ok([]);
    this.#version = version;
    const refused: string[] = [];
    for (const [name, value] of Object.entries(metrics)) {
      const outcome =
        name !== SPEED
          ? err("it cannot be set")
          : typeof value === "number"
            ? this.#model.setSpeed(value)
            : err("it must be a number");
      if (!outcome.ok) refused.push(`${name}: ${outcome.error}`);
    }
    return ok(refused);
  }
}

interface Desired {
  readonly version: number;
  readonly metrics: object;
}

function parseDesired(text: string): Result<Desired, string> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return err("not JSON");
  }
  if (typeof body !== "object" || body === null) return err("not a JSON object");
  const { version, metrics } = body as { version?: unknown; metrics?: unknown };
  if (typeof version !== "number" || !Number.isSafeInteger(version)) return err("version is missing");
  if (typeof metrics !== "object" || metrics === null || Array.isArray(metrics))
    return err("metrics is missing");
  return ok({ version, metrics });
}
