/**
 * Whether a page of this origin may use the API with a browser's help. Browsers send WebSockets from any page, so this
 * is what keeps other sites out. Programs send no origin and are asked for the key only.
 * @param host the Host header of the request.
 */
export function originAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowed.includes(origin)) return true;
  try {
    return host !== undefined && new URL(origin).host === host;
  } catch {
    return false;
  }
}

/**
 * Whether a Host header names this machine. A page of another site can make its own name point to 127.0.0.1, and is then of
 * one origin with a server there (DNS rebinding).
 */
export function hostIsLocal(host: string | undefined): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, "");
  return name === "localhost" || name === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(name);
}
