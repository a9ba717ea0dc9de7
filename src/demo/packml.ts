/** The 17 states of PackML (ISA-TR88.00.02), spelled as the twin spells them. */
export type PackmlState =
  | "CLEARING"
  | "STOPPED"
  | "STARTING"
  | "IDLE"
  | "SUSPENDED"
  | "EXECUTE"
  | "STOPPING"
  | "ABORTING"
  | "ABORTED"
  | "HOLDING"
  | "HELD"
  | "UNHOLDING"
  | "SUSPENDING"
  | "UNSUSPENDING"
  | "RESETTING"
  | "COMPLETING"
  | "COMPLETE";

/** What a person, a controller or a fault asks of the state machine. */
export type PackmlRequest =
  | "reset"
  | "start"
  | "stop"
  | "hold"
  | "unhold"
  | "suspend"
  | "unsuspend"
  | "complete"
  | "abort"
  | "clear";

/** Modes that the twin knows. */
export type MachineMode = "PRODUCTION" | "MAINTENANCE" | "MANUAL" | "SETUP";

/** Where a transient state leads once its work is done; the waiting states and EXECUTE are not in it. */
const AFTER: Partial<Record<PackmlState, PackmlState>> = {
  RESETTING: "IDLE",
  STARTING: "EXECUTE",
  HOLDING: "HELD",
  UNHOLDING: "EXECUTE",
  SUSPENDING: "SUSPENDED",
  UNSUSPENDING: "EXECUTE",
  COMPLETING: "COMPLETE",
  STOPPING: "STOPPED",
  ABORTING: "ABORTED",
  CLEARING: "STOPPED",
};

const NOT_RUNNING: readonly PackmlState[] = ["STOPPING", "STOPPED", "ABORTING", "ABORTED", "CLEARING"];

/** For each request: the states that allow it, and the transient state that follows. */
const REQUESTS: Record<PackmlRequest, { from: (state: PackmlState) => boolean; to: PackmlState }> = {
  reset: { from: among("STOPPED", "COMPLETE"), to: "RESETTING" },
  start: { from: among("IDLE"), to: "STARTING" },
  hold: {
    from: among("EXECUTE", "STARTING", "SUSPENDING", "SUSPENDED", "UNSUSPENDING", "UNHOLDING"),
    to: "HOLDING",
  },
  unhold: { from: among("HELD"), to: "UNHOLDING" },
  suspend: { from: among("EXECUTE"), to: "SUSPENDING" },
  unsuspend: { from: among("SUSPENDED"), to: "UNSUSPENDING" },
  complete: { from: among("EXECUTE"), to: "COMPLETING" },
  stop: { from: (state) => !NOT_RUNNING.includes(state), to: "STOPPING" },
  abort: { from: (state) => state !== "ABORTING" && state !== "ABORTED", to: "ABORTING" },
  clear: { from: among("ABORTED"), to: "CLEARING" },
};

function among(...states: PackmlState[]): (state: PackmlState) => boolean {
  return (state) => states.includes(state);
}

/** The transient state that a request leads to, or null when the state does not allow the request. */
export function onRequest(state: PackmlState, request: PackmlRequest): PackmlState | null {
  const rule = REQUESTS[request];
  return rule.from(state) ? rule.to : null;
}

/** The state that follows a transient state by itself, or null for a state that waits. */
export function onDone(state: PackmlState): PackmlState | null {
  return AFTER[state] ?? null;
}
