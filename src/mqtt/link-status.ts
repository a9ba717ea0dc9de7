/** Times are milliseconds since the epoch; problems are sentences and never contain the password. */
export type LinkStatus =
  | { readonly phase: "stopped" }
  | { readonly phase: "connecting"; readonly since: number; readonly problem: string | null }
  | {
      readonly phase: "connected";
      readonly since: number;
      /** 4 is MQTT 3.1.1. */
      readonly protocolVersion: 4 | 5;
      /** Whether the broker still had the session, and with it what was published meanwhile. */
      readonly sessionPresent: boolean;
      /** That it does not subscribe yet, or a subscription that the broker refused. */
      readonly problem: string | null;
    };
