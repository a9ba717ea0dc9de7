import { err, ok, type Result } from "../kernel/result.js";

const CASES = {
  lower: (text: string) => text.toLowerCase(),
  upper: (text: string) => text.toUpperCase(),
} as const;
type Case = keyof typeof CASES;

const PLACEHOLDER = /^\{([A-Za-z][A-Za-z0-9_-]*)(?::([a-z]+))?\}$/;

type Part = string | { readonly name: string; readonly as: Case | null };

/** How a machine's path is put together: text and names of the topic, such as `acme/{line:lower}/press-{id}`. */
export class PathTemplate {
  readonly #parts: readonly Part[];
  /** The names of the topic that it uses. */
  readonly names: readonly string[];

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
    this.names = parts.flatMap((part) => (typeof part === "string" ? [] : [part.name]));
  }

  /** Reads a template; the error is a sentence that quotes what is wrong. */
  static parse(text: string): Result<PathTemplate, string> {
    const parts: Part[] = [];
    for (const piece of text.split(/(\{[^{}]*\})/)) {
      if (piece === "") continue;
      const placeholder = PLACEHOLDER.exec(piece);
      if (placeholder === null) {
        if (/[{}]/.test(piece)) return err(`"${piece}" is not {name}, {name:lower} or {name:upper}`);
        parts.push(piece);
        continue;
      }
      const as = placeholder[2] ?? null;
      if (as !== null && !isCase(as)) return err(`"${piece}": there are only :lower and :upper`);
      parts.push({ name: placeholder[1] as string, as });
    }
    return ok(new PathTemplate(parts));
  }

  get empty(): boolean {
    return this.#parts.length === 0;
  }

  /** The path where the names stand for these texts. */
  fill(captures: Readonly<Record<string, string>>): string {
    return this.#parts
      .map((part) => {
        if (typeof part === "string") return part;
        const text = captures[part.name] ?? "";
        return part.as === null ? text : CASES[part.as](text);
      })
      .join("");
  }
}

function isCase(text: string): text is Case {
  return Object.hasOwn(CASES, text);
}
