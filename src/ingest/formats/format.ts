import type { z } from "zod";
import type { Result } from "../../kernel/result.js";
import type { MetricRole } from "../../plant/machine-type.js";
import type { Sample } from "../../twin/sample.js";

/** What a payload turned out to be. */
export type Decoded =
  | {
      readonly kind: "samples";
      /** None where it is only a sign of life. */
      readonly samples: readonly Sample[];
      readonly problems: readonly FieldProblem[];
      /** The number that counts the device's messages, where the payload has one. */
      readonly sequence?: number;
    }
  | { readonly kind: "connectivity"; readonly online: boolean; readonly time: number | null }
  /** Right, and nothing that concerns a twin: no sample, no sign of life and no dead letter. */
  | {
      readonly kind: "ignored";
      readonly reason: string;
      readonly samples: readonly never[];
      readonly problems: readonly never[];
    }
  | { readonly kind: "problem"; readonly problem: string };

/** One part of a payload that cannot be taken; the rest is. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

export function problem(text: string): Decoded {
  return { kind: "problem", problem: text };
}

const NOTHING: readonly never[] = [];

/** @param reason why, as a sentence without a full stop. */
export function ignored(reason: string): Decoded {
  return { kind: "ignored", reason, samples: NOTHING, problems: NOTHING };
}

/** Where in the last levels of a topic the machine ends and the metric begins. */
export interface TopicParts {
  /** How many levels name the machine. */
  readonly machine: number;
  /** What `decode` takes as the metric. */
  readonly metric: string;
}

/** Reads the payloads of one mapping. */
export interface Decoder {
  /**
   * @param metric what the topic says of the metric's name; null where the payload names all.
   * Never throws, whatever the payload.
   */
  readonly decode: (payload: Buffer, metric: string | null) => Decoded;
  /** Path of the number that counts the device's messages; left out where payloads have none. */
  readonly sequence?: string | null;
  /**
   * Splits what `{name+}` took, for formats whose topics say by their names where the machine ends.
   * @returns null where the topic is of something else.
   */
  readonly split?: (levels: readonly string[]) => TopicParts | null;
  /** What a metric of this format means by its name. */
  readonly roleOf?: (metric: string) => MetricRole | null;
}

/** One way of writing values into payloads. */
export interface Format {
  readonly name: string;
  /** What a mapping of this format may say beside what all mappings may. */
  readonly settings: z.ZodRawShape;
  /**
   * @param settings as `settings` reads them.
   * @param names what the mapping's topic names, such as `machine` and `metric`.
   * @returns what cannot work, as a sentence that names the setting.
   */
  compile(settings: Readonly<Record<string, unknown>>, names: readonly string[]): Result<Decoder, string>;
}

/** A format as its file writes it: settings have the types that their schema gives. */
export function defineFormat<Shape extends z.ZodRawShape>(format: {
  readonly name: string;
  readonly settings: Shape;
  readonly compile: (
    settings: z.output<z.ZodObject<Shape>>,
    names: readonly string[],
  ) => Result<Decoder, string>;
}): Format {
  const { name, settings, compile } = format;
  return {
    name,
    settings,
    // Only the plant file makes settings, by this very schema.
    compile: (read, names) => compile(read as z.output<z.ZodObject<Shape>>, names),
  };
}
