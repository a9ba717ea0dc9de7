/** What `/readyz` tells: each part with its problem, null while it is well. */
export interface Readiness {
  readonly ready: boolean;
  readonly parts: Readonly<Record<string, string | null>>;
}

export function readiness(parts: Readonly<Record<string, string | null>>): Readiness {
  return { ready: Object.values(parts).every((problem) => problem === null), parts };
}
