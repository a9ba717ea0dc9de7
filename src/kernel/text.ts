/**
 * Why a text cannot be stored as people wrote it; null when it can. Control characters (line breaks excepted) and
 * lone surrogates are refused, because Postgres keeps the one not at all and the other not as it was sent.
 */
export function textProblem(text: string, longest: number): string | null {
  if (text.trim() === "") return "must not be empty";
  if (text.length > longest) return `must have at most ${longest} characters`;
  if (/\p{Cs}|[^\P{Cc}\n\r\t]/u.test(text)) return "holds a control character";
  return null;
}

/** Why a key, such as an order's number, cannot be one; null when it can. */
export function keyProblem(text: string, longest: number): string | null {
  if (text !== text.trim()) return "must not begin or end with a space";
  if (/\p{Cc}/u.test(text)) return "holds a control character";
  return textProblem(text, longest);
}

/**
 * Whether a moment that DateTime takes can be stored: RFC 3339 has a year 0, which calendars have not, and an offset
 * reaches beyond 9999, which needs more digits.
 */
export function storable(moment: Date): boolean {
  const year = moment.getUTCFullYear();
  return year >= 1 && year <= 9999;
}
