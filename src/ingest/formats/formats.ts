import { connectivity } from "./connectivity.js";
import type { Format } from "./format.js";
import { json } from "./json.js";
import { neuron } from "./neuron.js";
import { opcua } from "./opcua.js";
import { packml } from "./packml.js";
import { umh } from "./umh.js";
import { value } from "./value.js";

/** Every format that a mapping may name. */
export const FORMATS: readonly [Format, ...Format[]] = [
  json,
  value,
  connectivity,
  umh,
  opcua,
  packml,
  neuron,
];
