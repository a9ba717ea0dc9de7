import {
  Arg,
  Args,
  ArgsType,
  Directive,
  Field,
  FieldResolver,
  Float,
  Query,
  Resolver,
  Root,
  Subscription,
} from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import type { NodeSource } from "../graphql/node.types.js";
import { badInput, connection, PageArgs, pageOfArray, pageRequest } from "../graphql/pagination.js";
import { GraphQLEquipmentPath, GraphQLTopicFilter } from "../graphql/scalars.js";
import { keyOfGlobalId } from "../kernel/ids.js";
import type { LiveBus } from "../live/live-bus.js";
import type { TelemetryReceived } from "../live/live-events.js";
import { type Equipment, isUnder } from "../plant/equipment.js";
import type { MetricRole } from "../plant/machine-type.js";
import type { Plant } from "../plant/plant.js";
import { EquipmentGroup, MachineType, MetricRoleEnum } from "../plant/plant.types.js";
import { groupValue, machineTypeValue } from "../plant/plant-view.js";
import { type MachineEventValue, machineFeed } from "./machine-feed.js";
import type { MachineState } from "./packml.js";
import { telemetryFeed } from "./telemetry-feed.js";
import type { TwinService } from "./twin.service.js";
import {
  ConnectivityStatusEnum,
  Machine,
  MachineConnection,
  MachineEvent,
  MachineStateEnum,
  MachineStateEvent,
  Metric,
  TelemetryEvent,
} from "./twin.types.js";
import type { TwinJournal } from "./twin-journal.js";
import type { ConnectivityStatus, MetricReading, StateChange, TwinView } from "./twin-model.js";

const MOST_STATE_CHANGES_WAITING = 1_000;

@ArgsType()
class MachinesArgs extends PageArgs {
  @Field(() => GraphQLEquipmentPath, { nullable: true, description: "Only machines at or below this path." })
  under?: string;

  @Field(() => [MachineStateEnum], { nullable: true, description: "Only machines in one of these states." })
  state?: MachineState[];

  @Field(() => [ConnectivityStatusEnum], { nullable: true, description: "Only machines with one of these." })
  connectivity?: ConnectivityStatus[];
}

@ArgsType()
class MachineChangedArgs {
  @Field(() => GraphQLEquipmentPath, { description: "The machine's path." })
  path!: string;

  @Field(() => String, { nullable: true, description: "The cursor of the last event that was seen." })
  resumeAfter?: string | null;
}

@ArgsType()
class TelemetryArgs {
  @Field(() => GraphQLTopicFilter, {
    description: "Filter over canonical topics: + is one level, # the rest.",
  })
  topic!: string;

  @Field(() => Float, {
    nullable: true,
    description: "At most so many per second of each metric, the latest winning.",
  })
  maxRateHz?: number | null;
}

@ArgsType()
class UnderArgs {
  @Field(() => GraphQLEquipmentPath, { nullable: true, description: "Only machines at or below this path." })
  under?: string | null;
}

interface Subscribed<Args> {
  args: Args;
  context: GraphQLContext;
}

interface StateEventValue extends StateChange {
  readonly machine: TwinView;
}

@Resolver(() => Machine)
export class TwinResolver {
  readonly #plant: Plant;
  readonly #twins: TwinService;
  readonly #live: LiveBus;
  readonly #journal: TwinJournal;

  constructor(deps: { plant: Plant; twins: TwinService; live: LiveBus; journal: TwinJournal }) {
    this.#plant = deps.plant;
    this.#twins = deps.twins;
    this.#live = deps.live;
    this.#journal = deps.journal;
  }

  /** Finds machines again. */
  readonly nodes: NodeSource = {
    find: async (id) => this.#twins.byId(keyOfGlobalId("Machine", id) ?? "")?.view ?? null,
  };

  @Query(() => Machine, { nullable: true, description: "The machine at a path; null when there is none." })
  machine(
    @Arg("path", () => GraphQLEquipmentPath, { description: "The machine's path." }) path: string,
  ): object | null {
    return this.#twins.byPath(path)?.view ?? null;
  }

  @Query(() => MachineConnection, { description: "The machines of the plant, by path." })
  machines(@Args(() => MachinesArgs) args: MachinesArgs): object {
    const request = pageRequest(args);
    const under = args.under == null ? undefined : this.#known(args.under, "under");
    const found: TwinView[] = [];
    for (const machine of this.#plant.machines(under)) {
      const { view } = this.#twins.of(machine);
      if (args.state && !args.state.includes(view.state)) continue;
      if (args.connectivity && !args.connectivity.includes(view.connectivity.status)) continue;
      found.push(view);
    }
    found.sort((a, b) => (a.path < b.path ? -1 : 1));
    const page = pageOfArray(found, (view) => view.path, request);
    return connection(
      page,
      request,
      (view) => view.path,
      (view) => view,
    );
  }

  @FieldResolver(() => EquipmentGroup, { nullable: true })
  parent(@Root() machine: TwinView): object | null {
    return machine.equipment.parent ? groupValue(machine.equipment.parent) : null;
  }

  @FieldResolver(() => MachineType, { nullable: true })
  machineType(@Root() machine: TwinView): object | null {
    return machine.equipment.machineType ? machineTypeValue(machine.equipment.machineType) : null;
  }

  @FieldResolver(() => [Metric], {
    description: "The metrics, those of the machine type first; narrowed by name, role or both.",
  })
  metrics(
    @Root() machine: TwinView,
    @Arg("names", () => [String], { nullable: true, description: "Only these; unknown names are left out." })
    names?: string[] | null,
    @Arg("role", () => MetricRoleEnum, { nullable: true, description: "Only metrics with this role." })
    role?: MetricRole | null,
  ): MetricReading[] {
    const twin = this.#twins.of(machine.equipment);
    const all = names ? names.flatMap((name) => twin.reading(name) ?? []) : twin.readings();
    return role ? all.filter((reading) => reading.role === role) : all;
  }

  @FieldResolver(() => Metric, {
    nullable: true,
    description: "One metric; null when the machine has none of that name.",
  })
  metric(
    @Root() machine: TwinView,
    @Arg("name", () => String, { description: "The metric's name." }) name: string,
  ): MetricReading | null {
    return this.#twins.of(machine.equipment).reading(name) ?? null;
  }

  @Directive('@deviceTopic(filter: "{path}/#")')
  @Subscription(() => MachineEvent, {
    description:
      "One machine's twin. First a SNAPSHOT, then DELTAs in revision order without holes; a subscriber that falls behind, or resumes from a point no longer kept, gets a new SNAPSHOT instead of a hole.",
    subscribe: ({ args, context }: Subscribed<MachineChangedArgs>) =>
      context.resolver(TwinResolver).followMachine(args),
  })
  machineChanged(
    @Root() event: MachineEventValue,
    @Args(() => MachineChangedArgs) _args: MachineChangedArgs,
  ): MachineEventValue {
    return event;
  }

  @Directive('@deviceTopic(filter: "{topic}")')
  @Subscription(() => TelemetryEvent, {
    description:
      "Samples whose canonical topic matches, as devices send them; at most maxRateHz per metric, the latest winning.",
    subscribe: ({ args, context }: Subscribed<TelemetryArgs>) =>
      context.resolver(TwinResolver).followTelemetry(args),
  })
  telemetryReceived(
    @Root() event: TelemetryReceived,
    @Args(() => TelemetryArgs) _args: TelemetryArgs,
  ): TelemetryReceived {
    return event;
  }

  @Directive('@deviceTopic(filter: "{under}/#")')
  @Subscription(() => MachineStateEvent, {
    description: "Every change of a machine's state, in the whole plant or below a path.",
    subscribe: ({ args, context }: Subscribed<UnderArgs>) =>
      context.resolver(TwinResolver).followStates(args),
  })
  machineStateChanged(
    @Root() event: StateEventValue,
    @Args(() => UnderArgs) _args: UnderArgs,
  ): StateEventValue {
    return event;
  }

  followMachine(args: MachineChangedArgs): AsyncIterable<MachineEventValue> {
    const twin = this.#twins.byPath(args.path);
    if (!twin) throw badInput(`path: there is no machine "${args.path}"`, ["path"]);
    const deps = { live: this.#live, journal: this.#journal, epoch: () => this.#twins.epoch };
    return machineFeed(deps, twin, args.resumeAfter ?? null);
  }

  followTelemetry(args: TelemetryArgs): AsyncIterable<TelemetryReceived> {
    const rate = args.maxRateHz ?? null;
    if (rate !== null && !(rate > 0 && rate <= 1_000)) {
      throw badInput("maxRateHz must be above 0 and at most 1000", ["maxRateHz"]);
    }
    return telemetryFeed(this.#live, args.topic, rate);
  }

  followStates(args: UnderArgs): AsyncIterable<StateEventValue> {
    const under = args.under == null ? null : this.#known(args.under, "under").path;
    return this.#live.stream("machineStateChanged", {
      max: MOST_STATE_CHANGES_WAITING,
      map: ({ change, state }) =>
        under === null || isUnder(change.view.path, under) ? { machine: change.view, ...state } : null,
    });
  }

  #known(path: string, argument: string): Equipment {
    const found = this.#plant.byPath(path);
    if (!found) throw badInput(`${argument}: there is no equipment "${path}"`, [argument]);
    return found;
  }
}
