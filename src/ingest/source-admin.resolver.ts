import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import type { Clock } from "../kernel/clock.js";
import type { SourceService } from "./source.service.js";
import type { SourceDiscovery } from "./source.types.js";
import type { SourceAdminService, SourceResult, SourceSettings } from "./source-admin.service.js";
import {
  CreateSourceInput,
  RemoveSourcePayload,
  SourceActionInput,
  SourcePayload,
  UpdateSourceInput,
} from "./source-admin.types.js";
import { sourceView } from "./source-view.js";

const SOURCE = { description: "The source." };

@Resolver()
export class SourceAdminResolver {
  readonly #admin: SourceAdminService;
  readonly #sources: SourceService;
  readonly #clock: Clock;

  constructor(deps: { admin: SourceAdminService; sources: SourceService; clock: Clock }) {
    this.#admin = deps.admin;
    this.#sources = deps.sources;
    this.#clock = deps.clock;
  }

  @Mutation(() => SourcePayload, {
    description:
      "Makes a source. It is consumed from now on, by one of the servers, and after every restart; the plant file must not get one of its name.",
  })
  async createSource(
    @Arg("input", () => CreateSourceInput, SOURCE) input: CreateSourceInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const paused = input.paused ?? false;
    return this.#payload(
      await this.#admin.create(callerOf(input, context), input.name, settingsOf(input), paused),
    );
  }

  @Mutation(() => SourcePayload, {
    description:
      "Changes settings of a source that createSource made. Nothing that comes meanwhile is lost, of this source or another. What waited with the broker is read by the new mappings; what these do not take becomes a dead letter.",
  })
  async updateSource(
    @Arg("input", () => UpdateSourceInput, SOURCE) input: UpdateSourceInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const expected = input.expectedVersion ?? null;
    return this.#payload(
      await this.#admin.update(callerOf(input, context), input.name, settingsOf(input), expected),
    );
  }

  @Mutation(() => SourcePayload, {
    description:
      "Pauses a source, also one of the plant file: what has come is committed, then the connection ends. The broker keeps what is published at QoS 1 or 2, as far as its queue and its patience go.",
  })
  async pauseSource(
    @Arg("input", () => SourceActionInput, SOURCE) input: SourceActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#payload(await this.#admin.setPaused(callerOf(input, context), input.name, true));
  }

  @Mutation(() => SourcePayload, {
    description: "Resumes a paused source: first comes what the broker has kept.",
  })
  async resumeSource(
    @Arg("input", () => SourceActionInput, SOURCE) input: SourceActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#payload(await this.#admin.setPaused(callerOf(input, context), input.name, false));
  }

  @Mutation(() => RemoveSourcePayload, {
    description:
      "Removes a source that createSource made, and ends its session at the broker with what waits in it. Its machines and their history stay.",
  })
  async removeSource(
    @Arg("input", () => SourceActionInput, SOURCE) input: SourceActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const { name, userErrors } = await this.#admin.remove(callerOf(input, context), input.name);
    return { removed: name, userErrors };
  }

  #payload({ source, userErrors }: SourceResult): object {
    const view = source && sourceView(source, this.#sources.problem, this.#clock.now());
    return { source: view, userErrors };
  }
}

interface SettingsInput {
  readonly url?: string | null;
  readonly qos?: number | null;
  readonly discovery?: SourceDiscovery | null;
  readonly inFlight?: number | null;
  readonly mappings?: readonly unknown[] | null;
  readonly sparkplug?: object | null;
}

function settingsOf({ url, qos, discovery, inFlight, mappings, sparkplug }: SettingsInput): SourceSettings {
  return {
    ...(url == null ? {} : { url }),
    ...(qos == null ? {} : { qos }),
    ...(discovery == null ? {} : { discovery: discovery.toLowerCase() }),
    ...(inFlight == null ? {} : { inFlight }),
    ...(mappings == null ? {} : { mappings }),
    ...(sparkplug == null ? {} : { sparkplug }),
  };
}

function callerOf(input: { idempotencyKey?: string | null }, context: GraphQLContext) {
  return { principal: context.principal.name, idempotencyKey: input.idempotencyKey ?? null };
}
