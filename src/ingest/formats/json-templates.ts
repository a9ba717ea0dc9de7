import type { Scalar } from "../../twin/sample.js";
import { JsonTemplate } from "./json-template.js";
import type { MetricNames } from "./metric-names.js";

const MOST_TEMPLATES = 16;
/** Where so many payloads in a row had templates of their own, only one of so many is learned from. */
const PATIENCE = 64;

/** The templates of a mapping's payloads, the one that was used last first. */
export class JsonTemplates {
  readonly #names: MetricNames;
  readonly #timestamp: string | null;
  readonly #templates: JsonTemplate[] = [];
  #misses = 0;
  /** The values that `read` found, in the order of its template's names. */
  readonly values: Scalar[] = [];

  constructor(options: { names: MetricNames; timestamp: string | null }) {
    this.#names = options.names;
    this.#timestamp = options.timestamp;
  }

  /** @returns the template that fits the payload, whose values are in `values` until the next call; null where none does. */
  read(payload: Buffer): JsonTemplate | null {
    const templates = this.#templates;
    for (let index = 0; index < templates.length; index += 1) {
      const template = templates[index] as JsonTemplate;
      if (!template.read(payload, this.values)) continue;
      if (index > 0) {
        templates.splice(index, 1);
        templates.unshift(template);
      }
      this.#misses = 0;
      return template;
    }
    return null;
  }

  /** Takes a payload that no template fitted and that turned out to be right as an example of others. */
  learn(payload: Buffer): void {
    this.#misses += 1;
    if (this.#misses > PATIENCE && this.#misses % PATIENCE > 0) return;
    const template = JsonTemplate.of(payload, this.#names, this.#timestamp);
    // One that does not even read its own example (a long number, an escape) would be learned again and again.
    if (!template?.read(payload, this.values)) return;
    if (this.#templates.length >= MOST_TEMPLATES) this.#templates.pop();
    this.#templates.unshift(template);
  }
}
