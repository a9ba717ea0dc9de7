import { Args, Query, Resolver } from "type-graphql";
import { badInput, connection, pageRequest } from "../graphql/pagination.js";
import { type DeadLetterService, MOST_REASONS } from "./dead-letter.service.js";
import type { DeadLetterFilter, KeptDeadLetter } from "./dead-letter.store.js";
import {
  DeadLetterConnection,
  DeadLetterCount,
  DeadLetterCountsArgs,
  DeadLettersArgs,
} from "./dead-letter.types.js";
import { suggestionFor } from "./suggestion.js";

@Resolver()
export class DeadLetterResolver {
  readonly #deadLetters: DeadLetterService;

  constructor(deps: { deadLetters: DeadLetterService }) {
    this.#deadLetters = deps.deadLetters;
  }

  @Query(() => DeadLetterConnection, {
    description: "What could not be taken, newest first, with the reason and what may help.",
  })
  async deadLetters(@Args(() => DeadLettersArgs) args: DeadLettersArgs): Promise<object> {
    const request = pageRequest(args);
    for (const name of ["after", "before"] as const) {
      const key = request[name];
      if (key !== null && !/^\d{1,18}$/.test(key))
        throw badInput(`${name} is not a cursor of this list`, [name]);
    }
    const page = await this.#deadLetters.page(filterOf(args), request);
    return connection(page, request, ({ id }) => id, deadLetterValue);
  }

  @Query(() => [DeadLetterCount], {
    description: `How much could not be taken by source and reason, the most frequent first, ${MOST_REASONS} at most.`,
  })
  deadLetterCounts(@Args(() => DeadLetterCountsArgs) args: DeadLetterCountsArgs): Promise<object[]> {
    return this.#deadLetters.counts(filterOf(args));
  }
}

function filterOf(args: DeadLetterCountsArgs): DeadLetterFilter {
  for (const name of ["source", "mapping", "topicPrefix"] as const)
    if (args[name]?.includes("\u0000")) throw badInput(`${name}: no such text holds a NUL`, [name]);
  const { source, mapping, topicPrefix } = args;
  return { source: source ?? null, mapping: mapping ?? null, topicPrefix: topicPrefix ?? null };
}

function deadLetterValue({ receivedAt, source, topic, mapping, reason, head, size }: KeptDeadLetter) {
  return {
    ...{ receivedAt, source, topic, mapping, reason },
    payload: { size, base64: head.toString("base64"), text: textOf(head, size) },
    suggestion: suggestionFor({ topic, payload: head, reason }),
  };
}

/** A character may be cut off at the end of what is kept. */
function textOf(head: Buffer, size: number): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(head, {
      stream: size > head.length,
    });
  } catch {
    return null;
  }
}
