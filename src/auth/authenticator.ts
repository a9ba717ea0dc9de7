import type { AdminKey } from "./admin-key.js";

/** Who is calling. */
export interface Caller {
  readonly name: string;
}

const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i;

/** Says who a caller is, from what it brings: the one place that HTTP and WebSocket ask. */
export class Authenticator {
  readonly #admin: AdminKey | null;

  /** @param admin null when everybody on this machine may do everything (AUTH=off). */
  constructor(admin: AdminKey | null) {
    this.#admin = admin;
  }

  /**
   * @param authorization an Authorization header or the same text from connection_init.
   * @returns null when it does not prove who is calling.
   */
  callerOf(authorization: unknown): Caller | null {
    if (this.#admin === null) return { name: "anonymous" };
    const token = typeof authorization === "string" ? BEARER.exec(authorization)?.[1] : undefined;
    return token !== undefined && this.#admin.fits(token) ? { name: "admin" } : null;
  }
}
