import type { Clock } from "../kernel/clock.js";
import type { Route } from "../twin/twin-model.js";
import { commandMessage, commandTopic, messageExpiryS, replyTopic } from "./command.js";
import type { CommandTransport, OutgoingCommand } from "./command-transport.js";
import type { DevicePublisher } from "./device-publisher.js";

/** Commands as JSON documents on `<machine topic>/cmd/<name>`. */
export class JsonCommandTransport implements CommandTransport {
  readonly #publisher: DevicePublisher;
  readonly #clock: Clock;

  constructor(deps: { publisher: DevicePublisher; clock: Clock }) {
    this.#publisher = deps.publisher;
    this.#clock = deps.clock;
  }

  topicOf(route: Route, name: string): string {
    return commandTopic(route.deviceTopic, name);
  }

  problemOf(): null {
    return null;
  }

  async send({ command }: OutgoingCommand): Promise<void> {
    await this.#publisher.publish(command.source, command.topic, commandMessage(command), {
      correlationData: Buffer.from(command.id),
      responseTopic: replyTopic(command),
      messageExpiryIntervalS: messageExpiryS(command, this.#clock.now()),
    });
  }
}
