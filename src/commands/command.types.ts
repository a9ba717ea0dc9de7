import { Field, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { Node } from "../graphql/node.types.js";
import { connectionTypes } from "../graphql/pagination.js";
import { GraphQLDateTime, GraphQLEquipmentPath, GraphQLJSON, GraphQLSafeInt } from "../graphql/scalars.js";
import { UserError } from "../graphql/user-error.types.js";
import { COMMAND_STATUSES, type CommandStatus } from "./command.js";

const CommandStatusEnum = enumOf(COMMAND_STATUSES);
registerEnumType(CommandStatusEnum, {
  name: "CommandStatus",
  description: "How far a command has come.",
  valuesConfig: {
    QUEUED: { description: "Stored: it waits for its time, its turn, or the broker's confirmation." },
    SENT: { description: "The broker has confirmed it; the device has not answered." },
    ACCEPTED: { description: "The device has taken it and works on it." },
    COMPLETED: {
      description:
        "The device has done it, proven as its definition says: by its reply, by the written values that it reports, or by the state that it has reached.",
    },
    REJECTED: { description: "The device refused it; reason says why." },
    FAILED: {
      description:
        "The device could not do it, the broker refused it, or the machine was in no state for it when its turn came; reason says why.",
    },
    TIMED_OUT: {
      description: "It was sent, and its end was not proven in time; the device may have done it.",
    },
    EXPIRED: { description: "It could not be sent in time, or the broker did not confirm it in time." },
    CANCELLED: { description: "Called back before it was sent." },
  },
});

@ObjectType({ description: "A command to a machine, and what became of it.", implements: [Node] })
export class Command {
  id!: string;

  @Field(() => String, { description: "One of the commands that the machine type declares." })
  name!: string;

  @Field(() => GraphQLJSON, { nullable: true, description: "As given; null when none were." })
  arguments!: unknown;

  @Field(() => CommandStatusEnum, { description: "How far it has come." })
  status!: CommandStatus;

  @Field(() => String, {
    nullable: true,
    description: "Why it ended so, or, while it is QUEUED, why it was not sent yet.",
  })
  reason!: string | null;

  @Field(() => GraphQLJSON, {
    nullable: true,
    description: "What the device gave back, or the values or the state that it reported as proof.",
  })
  result!: unknown;

  @Field(() => String, { description: "Who sent it." })
  requestedBy!: string;

  @Field(() => String, { nullable: true, description: "The MQTT topic on which the device gets it." })
  topic!: string | null;

  @Field(() => GraphQLDateTime, { description: "When it was stored." })
  queuedAt!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When the broker confirmed it." })
  sentAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When the device took it." })
  acceptedAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it ended, in whatever way." })
  finishedAt!: Date | null;

  @Field(() => GraphQLDateTime, { description: "When it ends if nothing else has ended it." })
  expiresAt!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "It is not sent before; null: as soon as its turn comes.",
  })
  scheduledAt!: Date | null;

  @Field(() => Int, { description: "How often the broker has taken it: more than once after retries." })
  sends!: number;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "When the proof came that the device has done it, after it had timed out. The status stays.",
  })
  provedLateAt!: Date | null;
}

export const { Connection: CommandConnection } = connectionTypes("Command", () => Command);

@InputType({ description: "A command to send." })
export class SendCommandInput {
  @Field(() => GraphQLEquipmentPath, { description: "The machine's path." })
  machine!: string;

  @Field(() => String, { description: "One of the commands that the machine type declares." })
  name!: string;

  @Field(() => GraphQLJSON, {
    nullable: true,
    description: "Must satisfy the JSON Schema that the machine type declares for the command.",
  })
  arguments?: unknown;

  @Field(() => Int, {
    nullable: true,
    description:
      "Milliseconds in which it must end, 100 to 3,600,000, from now or from scheduledAt; what the machine type says when left out.",
  })
  timeoutMs?: number | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      "When it is to be sent, at most a year ahead; as soon as possible when left out. Whether the machine may get it is decided then.",
  })
  scheduledAt?: Date | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: "Refuse unless the twin is still at this revision.",
  })
  expectedRevision?: number | null;

  @Field(() => String, {
    nullable: true,
    description: "The same key with the same input sends nothing and returns the first command.",
  })
  idempotencyKey?: string | null;
}

@ObjectType({ description: "The command, or why there is none.", simpleResolvers: true })
export class CommandPayload {
  @Field(() => Command, { nullable: true, description: "Null when userErrors says why." })
  command!: object | null;

  @Field(() => [UserError], { description: "Empty when it was done." })
  userErrors!: readonly object[];
}
