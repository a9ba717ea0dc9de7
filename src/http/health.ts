/** What `/readyz` tells. */
export interface Readiness {
  readonly ready: boolean;
  /** Each part with its problem, null while it is well. */
  readonly parts: Readonly<Record<string, string | null>>;
  /** The sources that another server on the same database consumes: this one does not hear their machines. */
  readonly standby: readonly string[];
}

/** @param consuming whether a server that stands by counts as one that is not ready. */
export function readiness(state: Omit<Readiness, "ready">, consuming: boolean): Readiness {
  const well = Object.values(state.parts).every((problem) => problem === null);
  return { ready: well && !(consuming && state.standby.length > 0), ...state };
}
