import DataLoader from "dataloader";
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from "type-graphql";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import type { OrderEdit } from "./maintenance.js";
import type { MaintenanceResult, MaintenanceService } from "./maintenance.service.js";
import { MaintenanceOrder, MaintenanceOrderPayload } from "./maintenance.types.js";
import {
  MaintenanceChecklistItem,
  MaintenanceEvent,
  MaintenancePart,
  MaintenanceWorkLog,
} from "./maintenance-details.types.js";
import type { MaintenanceRecords } from "./maintenance-records.service.js";
import {
  AddMaintenanceCommentInput,
  AddMaintenancePartInput,
  CheckMaintenanceItemInput,
  LogMaintenanceWorkInput,
  UpdateMaintenanceOrderInput,
} from "./maintenance-records.types.js";
import type { Caller } from "./maintenance-request.js";
import { type MaintenanceOrderValue, orderValue } from "./maintenance-value.js";

/** What people record with maintenance orders. */
@Resolver(() => MaintenanceOrder)
export class MaintenanceRecordsResolver {
  readonly #records: MaintenanceRecords;
  readonly #maintenance: MaintenanceService;

  constructor(deps: { records: MaintenanceRecords; maintenance: MaintenanceService }) {
    this.#records = deps.records;
    this.#maintenance = deps.maintenance;
  }

  @Mutation(() => MaintenanceOrderPayload, {
    description: "Plans an order anew that is not completed or cancelled. What is left out stays as it is.",
  })
  async updateMaintenanceOrder(
    @Arg("input", () => UpdateMaintenanceOrderInput, { description: "The changes." })
    { idempotencyKey, number, expectedVersion, ...input }: UpdateMaintenanceOrderInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const { title, priority, lockout, ...clearable } = input;
    const edit: OrderEdit = {
      ...withoutUndefined(clearable),
      ...(title == null ? {} : { title }),
      ...(priority == null ? {} : { priority }),
      ...(lockout == null ? {} : { lockout }),
    };
    const order = { number, expectedVersion: expectedVersion ?? null };
    return payload(await this.#maintenance.edit(caller(context, idempotencyKey), { ...edit, ...order }));
  }

  @Mutation(() => MaintenanceOrderPayload, {
    description: "Adds a comment to a maintenance order, whatever its status.",
  })
  async addMaintenanceComment(
    @Arg("input", () => AddMaintenanceCommentInput, { description: "The comment." })
    { idempotencyKey, number, expectedVersion, comment }: AddMaintenanceCommentInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const input = { number, comment, expectedVersion: expectedVersion ?? null };
    return payload(await this.#records.comment(caller(context, idempotencyKey), input));
  }

  @Mutation(() => MaintenanceOrderPayload, {
    description: "Marks a checklist item of an order IN_PROGRESS as done, or as not done.",
  })
  async checkMaintenanceItem(
    @Arg("input", () => CheckMaintenanceItemInput, { description: "The item." })
    { idempotencyKey, ...input }: CheckMaintenanceItemInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const { number, position, expectedVersion, done, value } = input;
    const request = {
      ...{ number, position, expectedVersion: expectedVersion ?? null },
      ...{ done: done ?? true, value: value ?? null },
    };
    return payload(await this.#records.check(caller(context, idempotencyKey), request));
  }

  @Mutation(() => MaintenanceOrderPayload, {
    description:
      "Records a part that was used, while an order is IN_PROGRESS or after it was COMPLETED. A quantity below 0 takes back what was recorded.",
  })
  async addMaintenancePart(
    @Arg("input", () => AddMaintenancePartInput, { description: "The part." })
    { idempotencyKey, ...input }: AddMaintenancePartInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const { number, expectedVersion, partNumber, name, quantity, unit } = input;
    const request = {
      ...{ number, partNumber, quantity, expectedVersion: expectedVersion ?? null },
      ...{ name: name ?? null, unit: unit ?? "pcs" },
    };
    return payload(await this.#records.addPart(caller(context, idempotencyKey), request));
  }

  @Mutation(() => MaintenanceOrderPayload, {
    description:
      "Records time spent, as from and to or as minutes, while an order is IN_PROGRESS or after it was COMPLETED.",
  })
  async logMaintenanceWork(
    @Arg("input", () => LogMaintenanceWorkInput, { description: "The work." })
    { idempotencyKey, ...input }: LogMaintenanceWorkInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const { number, expectedVersion, worker, from, to, minutes, note } = input;
    const request = {
      ...{ number, expectedVersion: expectedVersion ?? null, worker: worker ?? null },
      ...{ from: from ?? null, to: to ?? null, minutes: minutes ?? null, note: note ?? null },
    };
    return payload(await this.#records.logWork(caller(context, idempotencyKey), request));
  }

  @FieldResolver(() => [MaintenanceChecklistItem], {
    description: "What is to be done or looked at, in order.",
  })
  checklist(@Root() { key }: MaintenanceOrderValue, @Ctx() context: GraphQLContext): Promise<object[]> {
    return load(context, "checklist", key, (ids) => this.#records.itemsOf(ids));
  }

  @FieldResolver(() => [MaintenancePart], {
    description: "Parts to be had ready, and parts used; oldest first.",
  })
  async parts(@Root() { key }: MaintenanceOrderValue, @Ctx() context: GraphQLContext): Promise<object[]> {
    const parts = await load(context, "parts", key, (ids) => this.#records.partsOf(ids));
    return parts.map((part) => ({ ...part, quantity: Number(part.quantity) }));
  }

  @FieldResolver(() => [MaintenanceWorkLog], { description: "Time spent, as it was recorded." })
  work(@Root() { key }: MaintenanceOrderValue, @Ctx() context: GraphQLContext): Promise<object[]> {
    return load(context, "work", key, (ids) => this.#records.workOf(ids));
  }

  @FieldResolver(() => [MaintenanceEvent], { description: "What happened to it, as it was recorded." })
  events(@Root() { key }: MaintenanceOrderValue, @Ctx() context: GraphQLContext): Promise<object[]> {
    return load(context, "events", key, (ids) => this.#records.eventsOf(ids));
  }
}

function load<Item>(
  context: GraphQLContext,
  what: string,
  key: string,
  read: (ids: readonly string[]) => Promise<Item[][]>,
): Promise<Item[]> {
  // A subscription keeps its context, so that a remembered answer would stay for ever.
  const make = () => new DataLoader(read, { cache: false });
  return loaderOf(context, `maintenance.${what}`, make).load(key);
}

function caller(context: GraphQLContext, idempotencyKey: string | null | undefined): Caller {
  return { principal: context.principal.name, idempotencyKey: idempotencyKey ?? null };
}

function payload({ order, userErrors }: MaintenanceResult): object {
  return { maintenanceOrder: order && orderValue(order), userErrors };
}

function withoutUndefined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]: NonNullable<Fields[Name]> | null } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [Name in keyof Fields]: NonNullable<Fields[Name]> | null };
}
