import type { Sample } from "../../twin/sample.js";

/** What a payload turned out to be. */
export type Decoded =
  | {
      readonly kind: "samples";
      readonly samples: readonly Sample[];
      readonly problems: readonly FieldProblem[];
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
