import { Arg, Query, Resolver } from "type-graphql";
import { badInput } from "../graphql/pagination.js";
import { validateTopic } from "../mqtt/topic.js";
import type { Plant } from "../plant/plant.js";
import { preview } from "./preview.js";
import { MessagePreview, PayloadEncodingEnum } from "./preview.types.js";
import type { Preview } from "./preview-model.js";
import type { SourceService } from "./source.service.js";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

@Resolver()
export class PreviewResolver {
  readonly #sources: SourceService;
  readonly #plant: Plant;

  constructor(deps: { sources: SourceService; plant: Plant }) {
    this.#sources = deps.sources;
    this.#plant = deps.plant;
  }

  @Query(() => MessagePreview, {
    description: "What a message on this topic would become, without applying it.",
  })
  previewMessage(
    @Arg("topic", () => String, { description: "The topic it would be published on." }) topic: string,
    @Arg("payload", () => String, { description: "Its payload." }) payload: string,
    @Arg("encoding", () => PayloadEncodingEnum, {
      nullable: true,
      defaultValue: "UTF8",
      description: "How the payload is written here.",
    })
    encoding: "UTF8" | "BASE64" | null,
  ): Preview {
    const wrong = validateTopic(topic);
    if (wrong !== null) throw badInput(`topic: ${wrong}`, ["topic"]);
    const base64 = encoding === "BASE64";
    if (base64 && !BASE64.test(payload)) throw badInput("payload: this is not base64", ["payload"]);
    return preview(
      this.#sources.sources,
      this.#plant,
      topic,
      Buffer.from(payload, base64 ? "base64" : "utf8"),
    );
  }
}
