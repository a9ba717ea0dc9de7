import DataLoader from "dataloader";
import { Arg, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import type { MaintenanceService } from "../maintenance/maintenance.service.js";
import { MaintenanceOrder } from "../maintenance/maintenance.types.js";
import { type MaintenanceOrderValue, orderValue } from "../maintenance/maintenance-value.js";
import type { MachineType as MachineTypeNode } from "../plant/machine-type.js";
import { MachineType } from "../plant/plant.types.js";
import { Machine } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import { type AlarmService, MOST_ALARMS_OF_MACHINE } from "./alarm.service.js";
import { Alarm, AlarmDefinition } from "./alarm.types.js";
import { type AlarmValue, alarmValue, definitionsOf } from "./alarm-view.js";

/** What alarms add to machines. */
@Resolver(() => Machine)
export class MachineAlarmsResolver {
  readonly #alarms: AlarmService;

  constructor(deps: { alarms: AlarmService }) {
    this.#alarms = deps.alarms;
  }

  @FieldResolver(() => [Alarm], {
    description: `The machine's newest alarms, ${MOST_ALARMS_OF_MACHINE} at most, newest first; the query alarms has them all.`,
  })
  async alarms(
    @Root() machine: TwinView,
    @Ctx() context: GraphQLContext,
    @Arg("active", () => Boolean, {
      nullable: true,
      defaultValue: true,
      description: "True: only those whose condition holds; false: only the others; null: all.",
    })
    active: boolean | null,
  ): Promise<AlarmValue[]> {
    const loader = loaderOf(
      context,
      `alarms.ofMachines.${active}`,
      () =>
        new DataLoader((ids: readonly string[]) => this.#alarms.ofMachines(ids, active), { cache: false }),
    );
    return (await loader.load(machine.equipment.id)).map(alarmValue);
  }
}

/** What alarms add to machine types. */
@Resolver(() => MachineType)
export class MachineTypeAlarmsResolver {
  @FieldResolver(() => [AlarmDefinition], { description: "The alarms that machines of this type can have." })
  alarms(@Root() type: MachineTypeNode): object[] {
    return definitionsOf(type);
  }
}

/** What maintenance adds to alarms. */
@Resolver(() => Alarm)
export class AlarmMaintenanceResolver {
  readonly #maintenance: MaintenanceService;

  constructor(deps: { maintenance: MaintenanceService }) {
    this.#maintenance = deps.maintenance;
  }

  @FieldResolver(() => MaintenanceOrder, {
    nullable: true,
    description:
      "The maintenance order that it opened, or that the alarm of this code before it had opened and that was still open; null where there is none, or not yet.",
  })
  async maintenanceOrder(
    @Root() alarm: AlarmValue,
    @Ctx() context: GraphQLContext,
  ): Promise<MaintenanceOrderValue | null> {
    if (alarm.maintenanceOrderId === null) return null;
    const make = () =>
      new DataLoader((ids: readonly string[]) => this.#maintenance.byIds(ids), { cache: false });
    const order = await loaderOf(context, "maintenance.byIds", make).load(alarm.maintenanceOrderId);
    return order && orderValue(order);
  }
}

/** What alarms add to maintenance orders. */
@Resolver(() => MaintenanceOrder)
export class MaintenanceOrderAlarmResolver {
  readonly #alarms: AlarmService;

  constructor(deps: { alarms: AlarmService }) {
    this.#alarms = deps.alarms;
  }

  @FieldResolver(() => Alarm, {
    nullable: true,
    description: "The alarm that opened it; null where none did.",
  })
  async alarm(
    @Root() order: { readonly alarmId: string | null },
    @Ctx() context: GraphQLContext,
  ): Promise<AlarmValue | null> {
    if (order.alarmId === null) return null;
    const loader = loaderOf(
      context,
      "alarms.byId",
      () =>
        new DataLoader(
          async (ids: readonly string[]) => {
            const alarms = await this.#alarms.byIds(ids);
            return ids.map((id) => alarms.get(id) ?? null);
          },
          { cache: false },
        ),
    );
    const alarm = await loader.load(order.alarmId);
    return alarm && alarmValue(alarm);
  }
}
