/** What the server says of each source when it ends. */
const LAST_WORDS = "what became of the source's messages";

/**
 * What the log of a server's life, which ended orderly, leaves open: every message that it received must have ended as
 * committed, dropped or returned.
 */
export function imbalances(log: string): string[] {
  const lines = log.split("\n").filter((line) => line.includes(LAST_WORDS));
  if (lines.length === 0) return ["it ended without a word about its messages"];
  return lines.flatMap((line) => {
    const { received, committed, dropped, returned } = JSON.parse(line) as Record<string, number | undefined>;
    const ended = Number(committed) + Number(dropped) + Number(returned);
    if (received === ended) return [];
    return [
      `of ${received} received it ended ${ended}: ${committed} committed, ${dropped} dropped, ${returned} returned`,
    ];
  });
}
