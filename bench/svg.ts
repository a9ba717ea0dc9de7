import { figure } from "./figures.js";

const WIDTH = 760;
const COLOURS = ["#2a6fb0", "#b8c4d0", "#c2622d", "#4b8f5c", "#7a5aa6", "#8c8c8c"];
const BAR = 16;
const LEFT = 250;
const HEAD = 62;

export interface BarChart {
  readonly title: string;
  readonly unit: string;
  /** What the bars of each group stand for, in their order. */
  readonly names: readonly string[];
  readonly groups: readonly { readonly label: string; readonly values: readonly number[] }[];
}

/** Horizontal bars in groups, each with its figure. */
export function bars(chart: BarChart): string {
  const most = Math.max(...chart.groups.flatMap(({ values }) => values));
  const room = WIDTH - LEFT - 90;
  const parts: string[] = [];
  let y = HEAD;
  for (const { label, values } of chart.groups) {
    parts.push(text(LEFT - 8, y + (values.length * BAR) / 2 + 4, label, "end"));
    for (const [index, value] of values.entries()) {
      const width = Math.max(1, (value / most) * room);
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${round(width)}" height="${BAR - 3}" fill="${colour(index)}"/>`,
        text(LEFT + width + 5, y + BAR - 5, figure(value)),
      );
      y += BAR;
    }
    y += 10;
  }
  return document(`${chart.title} (${chart.unit})`, chart.names, y + 8, parts);
}

export interface LineChart {
  readonly title: string;
  readonly xUnit: string;
  readonly yUnit: string;
  readonly logarithmic?: boolean;
  /** Where the x axis is marked, and how. */
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
  readonly lines: readonly { readonly name: string; readonly points: readonly Point[] }[];
  /** Spans of x that stand out. */
  readonly shaded?: readonly { readonly from: number; readonly to: number; readonly label: string }[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const PLOT = { left: 70, right: WIDTH - 20, top: HEAD, bottom: 340 };

/** Lines over a common x axis; the y axis begins at zero or, when logarithmic, at the power of ten below the lowest. */
export function lines(chart: LineChart): string {
  const points = chart.lines.flatMap((line) => line.points);
  const [lowX, highX] = extent(points.map(({ x }) => x));
  const [lowY, highY] = extent(points.map(({ y }) => y));
  const yTicks = chart.logarithmic ? decades(Math.max(lowY, 0.01), highY) : steps(highY);
  const scale = (value: number) => (chart.logarithmic ? Math.log10(Math.max(value, 0.01)) : value);
  const bottom = scale(yTicks[0] ?? 0);
  const top = scale(yTicks.at(-1) ?? 1);
  const xOf = (x: number) => PLOT.left + ((x - lowX) / (highX - lowX || 1)) * (PLOT.right - PLOT.left);
  const yOf = (y: number) =>
    PLOT.bottom - ((scale(y) - bottom) / (top - bottom || 1)) * (PLOT.bottom - PLOT.top);
  const parts: string[] = [];
  for (const { from, to, label } of chart.shaded ?? []) {
    const width = round(xOf(to) - xOf(from));
    parts.push(
      `<rect x="${round(xOf(from))}" y="${PLOT.top}" width="${width}" height="${PLOT.bottom - PLOT.top}" fill="#f3e3d8"/>`,
      text(xOf(from) + 3, PLOT.top + 12, label),
    );
  }
  for (const tick of yTicks)
    parts.push(
      `<path d="M${PLOT.left} ${round(yOf(tick))}H${PLOT.right}" stroke="#ddd"/>`,
      text(PLOT.left - 6, yOf(tick) + 4, figure(tick), "end"),
    );
  for (const { x, label } of chart.ticks) parts.push(text(xOf(x), PLOT.bottom + 16, label, "middle"));
  parts.push(text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 34, chart.xUnit, "middle"));
  for (const [index, line] of chart.lines.entries()) {
    const path = line.points.map(({ x, y }) => `${round(xOf(x))} ${round(yOf(y))}`).join("L");
    parts.push(`<path d="M${path}" fill="none" stroke="${colour(index)}" stroke-width="2"/>`);
  }
  const names = chart.lines.map(({ name }) => name);
  return document(`${chart.title} (${chart.yUnit})`, names, PLOT.bottom + 46, parts);
}

function document(title: string, names: readonly string[], height: number, parts: readonly string[]): string {
  let x = 16;
  const legend = names.flatMap((name, index) => {
    const at = x;
    x += 26 + name.length * 6.6;
    return [
      `<rect x="${round(at)}" y="36" width="11" height="11" fill="${colour(index)}"/>`,
      text(at + 16, 46, name),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${Math.ceil(height)}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="16" y="22" font-size="15" fill="#222">${escaped(title)}</text>`,
    ...legend,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function text(x: number, y: number, value: string, anchor: "start" | "middle" | "end" = "start"): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="#333">${escaped(value)}</text>`;
}

function escaped(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? "#000";
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function extent(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

function decades(low: number, high: number): number[] {
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(low)); ; power += 1) {
    found.push(10 ** power);
    if (10 ** power >= high) return found;
  }
}

/** From zero to above the highest value, in about five round steps. */
function steps(high: number): number[] {
  const rough = (high || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
  const count = Math.ceil(high / step) || 1;
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
