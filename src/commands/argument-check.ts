import { type ErrorObject, Ajv2020 as JsonSchema, type ValidateFunction } from "ajv/dist/2020.js";
import { err, messageOf, ok, type Result } from "../kernel/result.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { CommandDefinition, MachineType } from "../plant/machine-type.js";
import { storableJson } from "./storable-json.js";

const MAX_BYTES = 262_144;
const MAX_PROBLEMS = 50;

/** Checks a command's arguments against the JSON Schema (draft 2020-12) that the machine type declares. */
export class ArgumentCheck {
  /** By machine type and command: a new version of the type takes the place of the one before. */
  readonly #compiled = new Map<string, { version: number; validate: Result<ValidateFunction, string> }>();

  /** @returns every problem, each with the field `["arguments", ...path]`. */
  check(type: MachineType, command: CommandDefinition, value: unknown): readonly UserErrorValue[] {
    const stored = storableJson(value);
    if (!stored.ok) return [invalid(`arguments must not be ${stored.error}`)];
    const text = JSON.stringify(value);
    if (JSON.stringify(stored.value) !== text)
      return [invalid("arguments must not hold the character U+0000 or half a surrogate pair")];
    if (Buffer.byteLength(text) > MAX_BYTES)
      return [invalid(`arguments must not be larger than ${MAX_BYTES} bytes`)];

    const validate = this.#validator(type, command);
    if (!validate.ok) {
      const where = `the parameters of ${command.name} in the machine type ${type.name}`;
      return [userError("INVALID_INPUT", `${where} are no valid JSON Schema: ${validate.error}`, ["name"])];
    }
    if (validate.value(value)) return [];
    return (validate.value.errors ?? []).slice(0, MAX_PROBLEMS).map(problemOf);
  }

  #validator(type: MachineType, command: CommandDefinition): Result<ValidateFunction, string> {
    const key = JSON.stringify([type.id, command.name]);
    const known = this.#compiled.get(key);
    if (known?.version === type.version) return known.validate;
    const validate = compile(command.parameters);
    this.#compiled.set(key, { version: type.version, validate });
    return validate;
  }
}

function compile(schema: object): Result<ValidateFunction, string> {
  try {
    // Not strict, and formats as annotations: plant files may say more in a schema than validation knows. An
    // instance for each, so that an $id that stands in two schemas is no conflict.
    const validate = new JsonSchema({
      allErrors: true,
      strict: false,
      validateFormats: false,
      logger: false,
    }).compile(schema);
    // An asynchronous validator returns a promise, which would pass for true.
    return "$async" in validate ? err("$async is not supported") : ok(validate);
  } catch (error) {
    return err(messageOf(error));
  }
}

function problemOf(error: ErrorObject): UserErrorValue {
  const path = error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const params: Record<string, unknown> = error.params;
  const property =
    params.missingProperty ??
    params.additionalProperty ??
    params.unevaluatedProperty ??
    (error.keyword === "propertyNames" ? params.propertyName : undefined);
  if (typeof property === "string") path.push(property);
  return invalid(`${["arguments", ...path].join(".")}: ${textOf(error)}`, path);
}

function textOf(error: ErrorObject): string {
  const params: Record<string, unknown> = error.params;
  switch (error.keyword) {
    case "required":
      return "is required";
    case "additionalProperties":
    case "unevaluatedProperties":
      return "is not known";
    case "enum":
      return `must be one of ${JSON.stringify(params.allowedValues)}`;
    case "const":
      return `must be ${JSON.stringify(params.allowedValue)}`;
    default:
      return error.message ?? `does not satisfy ${error.keyword}`;
  }
}

function invalid(message: string, path: readonly string[] = []): UserErrorValue {
  return userError("INVALID_INPUT", message, ["arguments", ...path]);
}
