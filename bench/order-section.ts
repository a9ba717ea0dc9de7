import { figure, median } from "./figures.js";
import { LEVELS } from "./order-load.js";
import { importCalls } from "./orders.js";
import type { Results } from "./results.js";
import { markdownTable, type Section } from "./sections.js";
import { bars } from "./svg.js";

export function ordersSection({ orders }: Results): Section | null {
  if (!orders) return null;
  const { orders: count, bare, lots, trees } = orders.result;
  const calls = importCalls(orders.result);
  return {
    markdown: `## Orders and lots

${figure(count)} orders of two operations in one call of \`upsertOrders\` over HTTP, ${bare.length} rounds with other orders each. The baseline is COPY of the
rows that this wrote (orders, operations, log) from memory into tables with the same indexes and without foreign keys: nothing is
parsed, checked, looked up, locked or answered.

${markdownTable([
  ["seconds", "median", "longest", "ratio"],
  ...[["COPY of the same rows", bare] as const, ...calls].map(([name, times]) => [
    name,
    figure(median(times)),
    figure(Math.max(...times)),
    (median(times) / median(bare)).toFixed(1),
  ]),
])}

A tree of ${figure(lots)} lots over ${LEVELS} levels, each lot made by an order of its own. The baseline is a recursive query of the same movements for
the lots and their distances, without the steps between them. Medians.

${markdownTable([
  ["ms", "server, over GraphQL", "plain SQL", "ratio"],
  ...trees.map(({ name, server, bare: plain }) => [
    name,
    figure(server),
    figure(plain),
    (server / plain).toFixed(2),
  ]),
])}

![time of an import](orders.svg)
`,
    plots: {
      "orders.svg": bars({
        title: `Time of a call with ${figure(count)} orders, median`,
        unit: "s",
        names: ["server, over GraphQL", "COPY"],
        groups: calls.map(([label, times]) => ({
          label,
          values: [median(times), ...(label === calls[0]?.[0] ? [median(bare)] : [])],
        })),
      }),
    },
  };
}
