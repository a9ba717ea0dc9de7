import { clip, type Interval, type Span } from "../kernel/intervals.js";
import type { MaintenanceKind } from "./maintenance.js";

/** Which maintenance order was in progress. */
export interface MaintenanceWork {
  readonly orderId: string;
  readonly number: string;
  readonly kind: MaintenanceKind;
}

/**
 * The times within `range` when some order was in progress, in order and apart. Where several were at once a
 * corrective one counts, then the one that began first.
 */
export function worked(
  orders: readonly Span<MaintenanceWork>[],
  range: Interval,
): readonly Span<MaintenanceWork>[] {
  const ranked = [...orders].sort(byRank);
  const spans: Span<MaintenanceWork>[] = [];
  const edges = ranked.flatMap((order) => {
    const within = clip(order, range);
    return within === null ? [] : [within.from, within.to];
  });
  const times = [...new Set(edges)].sort((a, b) => a - b);
  times.slice(0, -1).forEach((from, index) => {
    const to = times[index + 1] as number;
    const order = ranked.find((one) => one.from <= from && one.to >= to);
    if (!order) return;
    const last = spans.at(-1);
    if (last && last.to === from && last.value.orderId === order.value.orderId) {
      spans[spans.length - 1] = { ...last, to };
    } else spans.push({ from, to, value: order.value });
  });
  return spans;
}

function byRank(one: Span<MaintenanceWork>, other: Span<MaintenanceWork>): number {
  const corrective = Number(other.value.kind === "CORRECTIVE") - Number(one.value.kind === "CORRECTIVE");
  return corrective || one.from - other.from || (one.value.orderId < other.value.orderId ? -1 : 1);
}
