/** Names that are remembered; devices use few, and a flood of ever new ones must not fill the memory. */
const MOST_REMEMBERED = 20_000;
const LONGEST_NAME = 256;

/** Remembers which names are right, and what they are put together of: each message holds the same ones. */
export class MetricNames {
  readonly #joined = new Map<string, Map<string, string>>();
  readonly #right = new Set<string>();
  #remembered = 0;

  /** A name below another. */
  joined(prefix: string, key: string): string {
    const known = this.#joined.get(prefix)?.get(key);
    if (known !== undefined) return known;
    const name = `${prefix}/${key}`;
    if (name.length > LONGEST_NAME) return name;
    this.#remember();
    const below = this.#joined.get(prefix);
    if (below) below.set(key, name);
    else this.#joined.set(prefix, new Map([[key, name]]));
    return name;
  }

  /** Like `metricNameProblem`. */
  problem(name: string): string | null {
    if (this.#right.has(name)) return null;
    const problem = metricNameProblem(name);
    if (problem === null) {
      this.#remember();
      this.#right.add(name);
    }
    return problem;
  }

  #remember(): void {
    this.#remembered += 1;
    if (this.#remembered <= MOST_REMEMBERED) return;
    this.#joined.clear();
    this.#right.clear();
    this.#remembered = 0;
  }
}

/** Why a name cannot be a metric's: it is also the end of a canonical topic. */
export function metricNameProblem(name: string): string | null {
  if (name.length > LONGEST_NAME) return `a metric name has at most ${LONGEST_NAME} characters`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  if (/[+#\u0000-\u001f\u007f]/.test(name)) return "a metric name must not hold +, # or a control character";
  if (/^\/|\/\/|\/$/.test(name) || name === "") return "a metric name must not have empty parts";
  if (/\p{Surrogate}/u.test(name)) return "a metric name must not hold half a character";
  return null;
}
