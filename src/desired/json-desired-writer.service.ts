import { stringify } from "lossless-json";
import type { DesiredDelta, DesiredWriter } from "./desired-writer.js";

/** How a document gets to the broker of a source. */
export interface DocumentPublisher {
  /** Publishes at QoS 1, not retained, and resolves when the broker has confirmed it. Rejects with PublishError. */
  publish(
    source: string,
    topic: string,
    payload: Buffer,
    options: { readonly messageExpiryIntervalS: number },
  ): Promise<void>;
}

/** Desired values as a JSON document on `<machine topic>/desired`. */
export class JsonDesiredWriter implements DesiredWriter {
  readonly #publisher: DocumentPublisher;

  constructor(deps: { publisher: DocumentPublisher }) {
    this.#publisher = deps.publisher;
  }

  async write(delta: DesiredDelta): Promise<void> {
    const { source, deviceTopic } = delta.route;
    const messageExpiryIntervalS = Math.max(Math.ceil(delta.expiresInMs / 1000), 1);
    await this.#publisher.publish(source, `${deviceTopic}/desired`, documentOf(delta), {
      messageExpiryIntervalS,
    });
  }
}

/** Integers keep all their digits. */
function documentOf({ version, metrics, issuedAt }: DesiredDelta): Buffer {
  const values = Object.fromEntries(metrics.map(({ metric, value }) => [metric, value]));
  return Buffer.from(stringify({ version, metrics: values, issuedAt: issuedAt.toISOString() }) ?? "");
}
