import { err, ok, type Result } from "../kernel/result.js";

const DEFAULT_PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;

/** Where a broker is and who connects to it, read from a URL. */
export interface BrokerAddress {
  readonly protocol: keyof typeof DEFAULT_PORTS;
  readonly host: string;
  readonly port: number;
  /** Path and query of a WebSocket address, `/mqtt` when the URL has none. */
  readonly path: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** `host:port` for messages; carries no credentials. */
  readonly label: string;
}

/** Reads `mqtt(s)://` or `ws(s)://`, optionally with `user:password@`; the error is a sentence without the password. */
export function parseBrokerUrl(url: string): Result<BrokerAddress, string> {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return err(`"${redactUrl(url)}" is not a URL such as mqtt://host:1883`);
  }
  const protocol = parsed.protocol.slice(0, -1);
  if (!(protocol in DEFAULT_PORTS))
    return err(`"${redactUrl(url)}" must begin with mqtt://, mqtts://, ws:// or wss://`);
  const known = protocol as keyof typeof DEFAULT_PORTS;
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  if (host === "") return err(`"${redactUrl(url)}" names no host`);
  const port = parsed.port === "" ? DEFAULT_PORTS[known] : Number(parsed.port);
  const path = parsed.pathname === "/" || parsed.pathname === "" ? "/mqtt" : parsed.pathname;
  try {
    return ok({
      protocol: known,
      host,
      port,
      path: path + parsed.search,
      username: parsed.username === "" ? undefined : decodeURIComponent(parsed.username),
      password: parsed.password === "" ? undefined : decodeURIComponent(parsed.password),
      label: `${host.includes(":") ? `[${host}]` : host}:${port}`,
    });
  } catch {
    return err(`the user name or password in "${redactUrl(url)}" is not percent-encoded correctly`);
  }
}

/** The URL with `***` in place of a password, fit for logs and status. */
export function redactUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/?#]*):.*@/i, "$1:***@");
}
