const DAY_MS = 86_400_000;

interface Asked {
  readonly args: { readonly from?: unknown; readonly to?: unknown };
  readonly childComplexity: number;
}

/** What a report of a range costs: about as much as the objects that its machines' days are made of. */
export function reportCost({ args, childComplexity }: Asked): number {
  return 50 + 2 * daysOf(args) + childComplexity;
}

/** As of a range, but for a report per shift. */
export function shiftReportsCost({ args, childComplexity }: Asked): number {
  const days = daysOf(args);
  return 50 + 5 * days + 3 * Math.max(days, 1) * childComplexity;
}

/** What reasons there are, or each downtime. */
export function lossesCost({
  args,
  childComplexity,
}: {
  args: { downtimes?: unknown };
  childComplexity: number;
}): number {
  return (args.downtimes === true ? 500 : 20) * childComplexity;
}

function daysOf({ from, to }: Asked["args"]): number {
  const begin = from instanceof Date ? from.getTime() : Number.NaN;
  const end = to instanceof Date ? to.getTime() : Date.now();
  const days = (end - begin) / DAY_MS;
  // What is no range is refused later, and costs nothing.
  return Number.isNaN(days) ? 0 : Math.max(days, 0);
}
