import DataLoader from "dataloader";
import {
  Arg,
  Args,
  ArgsType,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from "type-graphql";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import type { NodeSource } from "../graphql/node.types.js";
import {
  badInput,
  type ConnectionValue,
  connection,
  idPageRequest,
  PageArgs,
} from "../graphql/pagination.js";
import { GraphQLEquipmentPath } from "../graphql/scalars.js";
import { globalId, keyOfGlobalId } from "../kernel/ids.js";
import { userError } from "../kernel/user-error.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import type * as rules from "./command.js";
import type { CommandOutcome, CommandService } from "./command.service.js";
import { Command, CommandConnection, CommandPayload, SendCommandInput } from "./command.types.js";

/** A command as the API shows it. */
interface CommandNode extends Omit<rules.Command, "id"> {
  readonly __typename: "Command";
  /** Global id. */
  readonly id: string;
}

function commandNode(command: rules.Command): CommandNode {
  return { ...command, __typename: "Command", id: globalId("Command", command.id) };
}

@ArgsType()
class CommandChangedArgs {
  @Field(() => ID, { nullable: true, description: "Only this command, its present state first." })
  id?: string | null;

  @Field(() => GraphQLEquipmentPath, { nullable: true, description: "Only commands to this machine." })
  machine?: string | null;
}

@Resolver(() => Command)
export class CommandResolver implements NodeSource {
  readonly #commands: CommandService;
  readonly #twins: TwinService;

  constructor(deps: { commands: CommandService; twins: TwinService }) {
    this.#commands = deps.commands;
    this.#twins = deps.twins;
  }

  @Query(() => Command, { nullable: true, description: "A command; null when there is none with this id." })
  async command(
    @Arg("id", () => ID, { description: "The command's global id." }) id: string,
  ): Promise<CommandNode | null> {
    return this.find(id);
  }

  @Mutation(() => CommandPayload, {
    description:
      "Sends a command to a machine, now or at a time. It returns as soon as the command is stored (QUEUED); commandChanged tells the rest.",
  })
  async sendCommand(
    @Arg("input", () => SendCommandInput, { description: "What to send." }) input: SendCommandInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const wanted = {
      machine: input.machine,
      name: input.name,
      arguments: input.arguments ?? null,
      timeoutMs: input.timeoutMs ?? null,
      scheduledAt: input.scheduledAt ?? null,
      expectedRevision: input.expectedRevision ?? null,
      idempotencyKey: input.idempotencyKey ?? null,
    };
    return payload(await this.#commands.send(wanted, context.principal.name));
  }

  @Mutation(() => CommandPayload, {
    description: "Calls a command back. Only while it is QUEUED: what was sent cannot be recalled.",
  })
  async cancelCommand(
    @Arg("id", () => ID, { description: "The command's global id." }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const key = keyOfGlobalId("Command", id);
    if (key === null) {
      const error = userError("NOT_FOUND", "there is no such command", ["id"]);
      return payload({ command: null, userErrors: [error] });
    }
    return payload(await this.#commands.cancel(key.toLowerCase(), context.principal.name));
  }

  @Subscription(() => Command, {
    description:
      "Every step of commands, each with the command as that step left it, and a proof that came late. With id, the command's present state comes first.",
    subscribe: ({ args, context }: { args: CommandChangedArgs; context: GraphQLContext }) =>
      context.resolver(CommandResolver).follow(args),
  })
  commandChanged(
    @Root() command: rules.Command,
    @Args(() => CommandChangedArgs) _args: CommandChangedArgs,
  ): CommandNode {
    return commandNode(command);
  }

  @FieldResolver(() => Machine, { description: "The machine that gets it." })
  machine(@Root() command: CommandNode): TwinView {
    return this.#twins.viewById(command.machineId);
  }

  async follow(args: CommandChangedArgs): Promise<AsyncIterable<rules.Command>> {
    const machine = args.machine ?? null;
    if (args.id == null) return this.#commands.changes(machine);
    const key = keyOfGlobalId("Command", args.id);
    const changes = key === null ? null : await this.#commands.changesOf(key.toLowerCase(), machine);
    if (!changes) throw badInput(`there is no command with the id ${JSON.stringify(args.id)}`, ["id"]);
    return changes;
  }

  async find(id: string): Promise<CommandNode | null> {
    const key = keyOfGlobalId("Command", id);
    const found = key === null ? null : await this.#commands.find(key);
    return found && commandNode(found);
  }
}

/** What commands add to machines. */
@Resolver(() => Machine)
export class MachineCommandsResolver {
  readonly #commands: CommandService;

  constructor(deps: { commands: CommandService }) {
    this.#commands = deps.commands;
  }

  @FieldResolver(() => CommandConnection, { description: "Its commands, the newest last." })
  async commands(
    @Root() machine: TwinView,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<ConnectionValue<CommandNode>> {
    const request = idPageRequest(args);
    // Neither loader remembers: a subscription keeps its context, and an answer would stay for ever.
    const pages = loaderOf(context, `commands.pages ${JSON.stringify(request)}`, () =>
      batched((ids) => this.#commands.pages(ids, request)),
    );
    const counts = loaderOf(context, "commands.counts", () => batched((ids) => this.#commands.counts(ids)));
    const { id } = machine.equipment;
    const page = (await pages.load(id)) ?? { items: [], hasMore: false };
    const total = async () => (await counts.load(id)) ?? 0;
    return connection({ ...page, total }, request, (command) => command.id, commandNode);
  }
}

function batched<Value>(
  read: (ids: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): DataLoader<string, Value | undefined> {
  return new DataLoader(
    async (ids: readonly string[]) => {
      const values = await read([...new Set(ids)]);
      return ids.map((id) => values.get(id));
    },
    { cache: false },
  );
}

function payload(outcome: CommandOutcome): object {
  return { command: outcome.command && commandNode(outcome.command), userErrors: outcome.userErrors };
}
