/** MQTT 3.1.1 and 5, section 4.7: a topic is at most this many bytes of UTF-8. */
const MAX_BYTES = 65_535;

function commonProblem(text: string, what: string): string | null {
  if (text.length === 0) return `the ${what} is empty`;
  if (text.includes("\0")) return `the ${what} contains a NUL character`;
  // A UTF-16 unit becomes at most three bytes, so short texts need no count.
  if (text.length * 3 > MAX_BYTES && Buffer.byteLength(text) > MAX_BYTES)
    return `the ${what} is longer than ${MAX_BYTES} bytes`;
  return null;
}

/** What is wrong with a topic to publish to, as a sentence, or null when nothing is. */
export function validateTopic(topic: string): string | null {
  const problem = commonProblem(topic, "topic");
  if (problem !== null) return problem;
  if (topic.includes("+") || topic.includes("#"))
    return `the topic "${topic}" contains a wildcard, which only a filter may`;
  return null;
}

/** What is wrong with a filter to subscribe to, as a sentence, or null when nothing is. */
export function validateFilter(filter: string): string | null {
  const problem = commonProblem(filter, "filter");
  if (problem !== null) return problem;
  const levels = filter.split("/");
  for (const [index, level] of levels.entries()) {
    if (level.includes("#") && (level !== "#" || index !== levels.length - 1))
      return `in the filter "${filter}" # must be the whole last level`;
    if (level.includes("+") && level !== "+") return `in the filter "${filter}" + must be a whole level`;
  }
  return null;
}

/** Whether a broker delivers a message of `topic` to a subscription of `filter` (both valid). */
export function topicMatches(filter: string, topic: string): boolean {
  return filterCovers(filter, topic);
}

/**
 * Whether every topic that filter `b` matches is also matched by filter `a`. A topic is the filter that
 * matches only itself.
 */
export function filterCovers(a: string, b: string): boolean {
  if (a === b) return true;
  // MQTT 4.7.2: a leading wildcard does not match topics that begin with $.
  if (b.startsWith("$") && (a.startsWith("+") || a.startsWith("#"))) return false;
  const wide = a.split("/");
  const narrow = b.split("/");
  for (let i = 0; i < wide.length; i++) {
    const level = wide[i];
    if (level === "#") return true;
    if (i >= narrow.length) return false;
    const other = narrow[i];
    if (other === "#") return false;
    if (level !== "+" && level !== other) return false;
  }
  return wide.length === narrow.length;
}

/**
 * The filters without those that another one covers, in the given order. Brokers may deliver a message once per
 * matching subscription, so overlapping filters would bring it twice.
 */
export function minimalFilters(filters: readonly string[]): string[] {
  const distinct = [...new Set(filters)];
  return distinct.filter(
    (filter) => !distinct.some((other) => other !== filter && filterCovers(other, filter)),
  );
}

/** Whether there is a topic that both filters match. */
export function filtersOverlap(a: string, b: string): boolean {
  // MQTT 4.7.2, as above.
  if (a.startsWith("$") !== b.startsWith("$") && (isWild(a) || isWild(b))) return false;
  const one = a.split("/");
  const other = b.split("/");
  for (let level = 0; ; level += 1) {
    const [here, there] = [one[level], other[level]];
    // "a/#" also matches "a".
    if (here === "#" || there === "#") return true;
    if (here === undefined || there === undefined) return here === there;
    if (here !== "+" && there !== "+" && here !== there) return false;
  }
}

/** The pairs of filters that overlap and of which neither covers the other. */
export function overlapsOf(filters: readonly string[]): (readonly [string, string])[] {
  return filters.flatMap((one, index) =>
    filters
      .slice(index + 1)
      .filter((other) => filtersOverlap(one, other) && !filterCovers(one, other) && !filterCovers(other, one))
      .map((other) => [one, other] as const),
  );
}

function isWild(filter: string): boolean {
  return filter.startsWith("+") || filter.startsWith("#");
}
