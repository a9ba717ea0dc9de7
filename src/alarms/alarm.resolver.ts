import DataLoader from "dataloader";
import {
  Arg,
  Args,
  Ctx,
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
import { badInput, connection, idPageRequest } from "../graphql/pagination.js";
import { GraphQLEquipmentPath } from "../graphql/scalars.js";
import { keyOfGlobalId } from "../kernel/ids.js";
import type { LiveBus } from "../live/live-bus.js";
import { isUnder } from "../plant/equipment.js";
import type { Plant } from "../plant/plant.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import type { AlarmEvent as AlarmEventRow, Shelf } from "./alarm.js";
import { type AlarmResult, type AlarmService, MOST_ACKNOWLEDGED, type ShelfResult } from "./alarm.service.js";
import {
  AcknowledgeAlarmsInput,
  AcknowledgeAlarmsPayload,
  Alarm,
  AlarmChangedArgs,
  AlarmConnection,
  AlarmEvent,
  AlarmPayload,
  AlarmShelf,
  AlarmShelfPayload,
  AlarmsArgs,
  ShelveAlarmInput,
  UnshelveAlarmInput,
} from "./alarm.types.js";
import { type AlarmValue, alarmValue } from "./alarm-view.js";

const MOST_CHANGES_WAITING = 1_000;

@Resolver(() => Alarm)
export class AlarmResolver {
  readonly #alarms: AlarmService;
  readonly #twins: TwinService;
  readonly #plant: Plant;
  readonly #live: LiveBus;

  constructor(deps: { alarms: AlarmService; twins: TwinService; plant: Plant; live: LiveBus }) {
    this.#alarms = deps.alarms;
    this.#twins = deps.twins;
    this.#plant = deps.plant;
    this.#live = deps.live;
  }

  /** Finds alarms again. */
  readonly nodes: NodeSource = {
    find: async (id) => {
      const key = keyOfGlobalId("Alarm", id);
      const row = key === null ? null : await this.#alarms.byId(key);
      return row && alarmValue(row);
    },
  };

  @Query(() => AlarmConnection, { description: "Alarms of machines, those first raised first." })
  async alarms(@Args(() => AlarmsArgs) args: AlarmsArgs): Promise<object> {
    const request = idPageRequest(args);
    const filter = {
      under: this.#known(args.under),
      active: args.active ?? null,
      severity: args.severity ?? null,
      acknowledged: args.acknowledged ?? null,
      shelved: args.shelved ?? null,
      code: args.code ?? null,
    };
    return connection(await this.#alarms.page(filter, request), request, (row) => row.id, alarmValue);
  }

  @Query(() => [AlarmShelf], {
    description:
      "The alarms that are hidden now, raised or not; those that are shown again first come first.",
  })
  alarmShelves(
    @Arg("under", () => GraphQLEquipmentPath, {
      nullable: true,
      description: "Only alarms of machines at or below this path.",
    })
    under: string | null,
  ): Promise<object[]> {
    return this.#alarms.shelves(this.#known(under));
  }

  @Mutation(() => AlarmPayload, {
    description: "Says that someone has seen an alarm, active or cleared. It is over once it is cleared too.",
  })
  async acknowledgeAlarm(
    @Arg("id", () => ID, { description: "The alarm." }) id: string,
    @Ctx() context: GraphQLContext,
    @Arg("comment", () => String, { nullable: true, description: "Kept with it." })
    comment: string | null,
    @Arg("idempotencyKey", () => String, { nullable: true, description: "Makes sending it twice harmless." })
    idempotencyKey: string | null,
  ): Promise<object> {
    const caller = callerOf(context, idempotencyKey);
    return payload(await this.#alarms.acknowledge(caller, keyOf(id), comment ?? null));
  }

  @Mutation(() => AcknowledgeAlarmsPayload, { description: "Says that someone has seen these alarms." })
  async acknowledgeAlarms(
    @Arg("input", () => AcknowledgeAlarmsInput, { description: "The alarms." }) input: AcknowledgeAlarmsInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const { ids, comment, idempotencyKey } = input;
    if (ids.length > MOST_ACKNOWLEDGED)
      throw badInput(`ids: at most ${MOST_ACKNOWLEDGED} alarms are acknowledged at once`, ["input", "ids"]);
    if (new Set(ids).size < ids.length) throw badInput("ids: one stands twice", ["input", "ids"]);
    const caller = callerOf(context, idempotencyKey);
    const results = await this.#alarms.acknowledgeAll(caller, ids.map(keyOf), comment ?? null);
    return { results: results.map(payload) };
  }

  @Mutation(() => AlarmShelfPayload, {
    description:
      "Hides an alarm for a while: it neither notifies nor opens maintenance orders, also when it is raised only later. It is shown again by itself.",
  })
  async shelveAlarm(
    @Arg("input", () => ShelveAlarmInput, { description: "The alarm." }) input: ShelveAlarmInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const { until, reason, idempotencyKey } = input;
    const caller = callerOf(context, idempotencyKey);
    return shelfPayload(await this.#alarms.shelve(caller, targetOf(input), { until, reason }));
  }

  @Mutation(() => AlarmShelfPayload, { description: "Shows a hidden alarm again before its time." })
  async unshelveAlarm(
    @Arg("input", () => UnshelveAlarmInput, { description: "The alarm." }) input: UnshelveAlarmInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const caller = callerOf(context, input.idempotencyKey);
    return shelfPayload(await this.#alarms.unshelve(caller, targetOf(input)));
  }

  @Subscription(() => Alarm, {
    description:
      "Every change of an alarm, in the whole plant or below a path: the alarm as it is now. Hidden alarms are told of only when they are hidden, shown or acknowledged.",
    subscribe: ({ args, context }: { args: AlarmChangedArgs; context: GraphQLContext }) =>
      context.resolver(AlarmResolver).follow(args),
  })
  async alarmChanged(
    @Root() key: string,
    @Args(() => AlarmChangedArgs) _args: AlarmChangedArgs,
  ): Promise<object> {
    const row = await this.#alarms.byId(key);
    if (!row) throw new Error(`there is no alarm with the id ${key}`);
    return alarmValue(row);
  }

  /** The ids of the alarms that change. */
  follow(args: AlarmChangedArgs): AsyncIterable<string> {
    const under = this.#known(args.under);
    return this.#live.stream("alarmChanged", {
      max: MOST_CHANGES_WAITING,
      map: ({ id, machines }) =>
        under === null || machines.some((machine) => isUnder(machine.path, under)) ? id : null,
    });
  }

  @FieldResolver(() => Machine)
  machine(@Root() alarm: AlarmValue): object {
    return this.#twins.viewById(alarm.machineId);
  }

  @FieldResolver(() => [AlarmEvent])
  events(@Root() alarm: AlarmValue, @Ctx() context: GraphQLContext): Promise<AlarmEventRow[]> {
    const loader = loaderOf(
      context,
      "alarms.events",
      // A subscription keeps its context, so that a remembered answer would stay for ever.
      () => new DataLoader((keys: readonly string[]) => this.#alarms.eventsOf(keys), { cache: false }),
    );
    return loader.load(alarm.key);
  }

  #known(under: string | null | undefined): string | null {
    if (under == null) return null;
    if (!this.#plant.byPath(under)) throw badInput(`under: there is no equipment "${under}"`, ["under"]);
    return under;
  }
}

@Resolver(() => AlarmShelf)
export class AlarmShelfResolver {
  readonly #twins: TwinService;

  constructor(deps: { twins: TwinService }) {
    this.#twins = deps.twins;
  }

  @FieldResolver(() => Machine)
  machine(@Root() shelf: Shelf): object {
    return this.#twins.viewById(shelf.machineId);
  }
}

/** The key within a global id; what is no alarm's id finds none. */
function keyOf(id: string): string {
  return keyOfGlobalId("Alarm", id) ?? "";
}

function targetOf(input: ShelveAlarmInput | UnshelveAlarmInput): {
  id: string | null;
  machine: string | null;
  code: string | null;
} {
  const { id, machine, code } = input;
  return { id: id == null ? null : keyOf(id), machine: machine ?? null, code: code ?? null };
}

function callerOf(context: GraphQLContext, idempotencyKey: string | null | undefined) {
  return { principal: context.principal.name, idempotencyKey: idempotencyKey ?? null };
}

function payload({ alarm, userErrors }: AlarmResult): object {
  return { alarm: alarm && alarmValue(alarm), userErrors };
}

function shelfPayload({ alarm, shelf, userErrors }: ShelfResult): object {
  return { alarm: alarm && alarmValue(alarm), shelf, userErrors };
}
