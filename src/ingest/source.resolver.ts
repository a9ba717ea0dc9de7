import { Arg, Query, Resolver } from "type-graphql";
import type { Clock } from "../kernel/clock.js";
import type { SourceService } from "./source.service.js";
import { Source } from "./source.types.js";
import { type SourceView, sourceView } from "./source-view.js";

@Resolver()
export class SourceResolver {
  readonly #sources: SourceService;
  readonly #clock: Clock;

  constructor(deps: { sources: SourceService; clock: Clock }) {
    this.#sources = deps.sources;
    this.#clock = deps.clock;
  }

  @Query(() => [Source], {
    description:
      "The sources of this server: those of the plant file, in its order, then the others in the order in which they were made.",
  })
  sources(): SourceView[] {
    const now = this.#clock.now();
    return this.#sources.sources.map((source) => sourceView(source, this.#sources.problem, now));
  }

  @Query(() => Source, { nullable: true, description: "The source of a name; null when there is none." })
  source(@Arg("name", () => String, { description: "Its name." }) name: string): SourceView | null {
    const source = this.#sources.byName(name);
    return source ? sourceView(source, this.#sources.problem, this.#clock.now()) : null;
  }
}
