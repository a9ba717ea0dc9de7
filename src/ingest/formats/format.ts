import type { Sample } from "../../twin/sample.js";

/** What a payload turned out to be. */
export type Decoded =
  | {
      readonly kind: "samples";
      readonly samples: readonly Sample[];
      readonly problems: readonly FieldProblem[];
      /** The number that counts the device's messages, where the payload has one. */
      readonly sequence?: number;
    }
  | { readonly kind: "connectivity"; readonly online: boolean; readonly time: number | null }
  | { readonly kind: "problem"; readonly problem: string };

/** One part of a payload that cannot be taken; the rest is. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

export function problem(text: string): Decoded {
  return { kind: "problem", problem: text };
}
