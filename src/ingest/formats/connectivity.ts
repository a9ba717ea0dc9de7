import { z } from "zod";
import { ok } from "../../kernel/result.js";
import { type Decoded, defineFormat, problem } from "./format.js";
import { parseJson, textOf } from "./json-text.js";
import { timeOf } from "./timestamp.js";

const ONLINE = new Set(["true", "1", "online", "on", "connected", "up"]);
const OFFLINE = new Set(["false", "0", "offline", "off", "disconnected", "down"]);

/** The device, or its will, says whether it is there. */
export const connectivity = defineFormat({
  name: "connectivity",
  settings: { online: z.string().trim().min(1, "must not be empty").default("online") },
  compile: ({ online }) => ok({ decode: (payload) => decodeConnectivity(payload, { online }) }),
});

/**
 * Format `connectivity`: a device, or its MQTT will, says whether it is there: `true`, `online`, `1`, or an object
 * with such a value at `options.online` and perhaps a time at `ts`.
 */
export function decodeConnectivity(payload: Buffer, options: { online: string }): Decoded {
  const text = textOf(payload);
  if (!text.ok) return problem(text.error);
  const trimmed = text.value.trim();
  if (!trimmed.startsWith("{")) return said(trimmed.replace(/^"|"$/g, ""), null);
  const parsed = parseJson(trimmed);
  if (!parsed.ok) return problem(parsed.error);
  const body = parsed.value as Record<string, unknown>;
  if (!Object.hasOwn(body, options.online)) return problem(`the payload has no field "${options.online}"`);
  const online = body[options.online];
  if (typeof online === "object")
    return problem(`the value of "${options.online}" says neither online nor offline`);
  return said(String(online), timeOf(body.ts));
}

function said(text: string, time: number | null): Decoded {
  const word = text.toLowerCase();
  if (ONLINE.has(word)) return { kind: "connectivity", online: true, time };
  if (OFFLINE.has(word)) return { kind: "connectivity", online: false, time };
  return problem(`${JSON.stringify(text.slice(0, 60))} says neither online nor offline`);
}
