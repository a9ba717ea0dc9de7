const STORAGE_KEY = "mes-twin:api-key";

/**
 * The key of this browser, or null. A key in the address's fragment (`#key=...`, the link that the server prints)
 * is kept, and taken out of the address bar so that it is neither bookmarked nor shared with a screenshot.
 */
export function readApiKey(): string | null {
  const fromLink = new URLSearchParams(location.hash.slice(1)).get("key");
  if (fromLink !== null) {
    history.replaceState(null, "", location.pathname + location.search);
    if (fromLink !== "") rememberApiKey(fromLink);
  }
  return localStorage.getItem(STORAGE_KEY);
}

export function rememberApiKey(key: string): void {
  localStorage.setItem(STORAGE_KEY, key);
}

export function forgetApiKey(): void {
  localStorage.removeItem(STORAGE_KEY);
}
