import {
  Arg,
  Args,
  ArgsType,
  Ctx,
  Field,
  FieldResolver,
  Mutation,
  Resolver,
  Root,
  Subscription,
} from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import {
  GraphQLDateTime,
  GraphQLEquipmentPath,
  GraphQLMetricValue,
  GraphQLSafeInt,
} from "../graphql/scalars.js";
import type { Plant } from "../plant/plant.js";
import type { Scalar } from "../twin/sample.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine, Metric } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import { type Desired, type DesiredStatus, worstStatus } from "./desired.js";
import type { DesiredService } from "./desired.service.js";
import {
  DesiredMetric,
  DesiredState,
  DesiredStatusEnum,
  MachinePayload,
  SetDesiredInput,
} from "./desired.types.js";

@ArgsType()
class DesiredChangedArgs {
  @Field(() => GraphQLEquipmentPath, { nullable: true, description: "Only values of this machine." })
  machine?: string | null;
}

@Resolver(() => Machine)
export class DesiredResolver {
  readonly #desired: DesiredService;
  readonly #twins: TwinService;

  constructor(deps: { desired: DesiredService; twins: TwinService }) {
    this.#desired = deps.desired;
    this.#twins = deps.twins;
  }

  @Mutation(() => MachinePayload, {
    description:
      "Sets what metrics of a machine shall be, or clears it. It returns as soon as that is stored; the device gets it as soon as it is reached, and desiredChanged tells the rest.",
  })
  async setDesired(
    @Arg("input", () => SetDesiredInput, { description: "What to set." }) input: SetDesiredInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const wanted = {
      machine: input.machine,
      metrics: input.metrics.map(({ name, value }) => ({ name, value: value ?? null })),
      expectedRevision: input.expectedRevision ?? null,
      expectedVersion: input.expectedVersion ?? null,
      idempotencyKey: input.idempotencyKey ?? null,
    };
    const { twin, userErrors } = await this.#desired.set(wanted, context.principal.name);
    return { machine: twin?.view ?? null, userErrors };
  }

  @Subscription(() => DesiredMetric, {
    description: "Each desired value that is set, cleared or steps on, as that left it.",
    subscribe: ({ args, context }: { args: DesiredChangedArgs; context: GraphQLContext }) =>
      context.resolver(DesiredResolver).follow(args),
  })
  desiredChanged(
    @Root() desired: Desired,
    @Args(() => DesiredChangedArgs) _args: DesiredChangedArgs,
  ): object {
    return { ...desired, machine: this.#twins.viewById(desired.machineId) };
  }

  @FieldResolver(() => DesiredState, { description: "What its metrics shall be." })
  desired(@Root() machine: TwinView): object {
    const known = this.#desired.of(machine.equipment.id);
    const all = Array.from(known?.metrics.values() ?? [], ({ desired }) => desired);
    all.sort((a, b) => (a.metric < b.metric ? -1 : 1));
    const metrics = all.map((desired) => ({ ...desired, machine }));
    return { version: known?.version ?? 0, status: worstStatus(all), metrics };
  }

  follow(args: DesiredChangedArgs): AsyncIterable<Desired> {
    return this.#desired.changes(args.machine ?? null);
  }
}

/** What is asked of a metric's reading. */
interface MetricRoot {
  readonly name: string;
  /** Canonical topic. */
  readonly topic: string;
}

/** What desired values add to metrics. */
@Resolver(() => Metric)
export class MetricDesiredResolver {
  readonly #desired: DesiredService;
  readonly #plant: Plant;

  constructor(deps: { desired: DesiredService; plant: Plant }) {
    this.#desired = deps.desired;
    this.#plant = deps.plant;
  }

  @FieldResolver(() => GraphQLMetricValue, {
    nullable: true,
    description: "What it shall be; null when nothing is desired.",
  })
  desired(@Root() metric: MetricRoot): Scalar {
    return this.#of(metric)?.value ?? null;
  }

  @FieldResolver(() => DesiredStatusEnum, {
    nullable: true,
    description: "What became of the desired value; null when nothing is desired.",
  })
  desiredStatus(@Root() metric: MetricRoot): DesiredStatus | null {
    return this.#of(metric)?.status ?? null;
  }

  @FieldResolver(() => GraphQLSafeInt, {
    nullable: true,
    description: "The machine's desired version that brought the desired value.",
  })
  desiredVersion(@Root() metric: MetricRoot): number | null {
    return this.#of(metric)?.version ?? null;
  }

  @FieldResolver(() => GraphQLDateTime, { nullable: true, description: "When the desired value was set." })
  desiredAt(@Root() metric: MetricRoot): Date | null {
    return this.#of(metric)?.requestedAt ?? null;
  }

  @FieldResolver(() => String, { nullable: true, description: "Who set the desired value." })
  desiredBy(@Root() metric: MetricRoot): string | null {
    return this.#of(metric)?.requestedBy ?? null;
  }

  #of({ name, topic }: MetricRoot): Desired | undefined {
    const machine = this.#plant.machine(topic.slice(0, -name.length - 1));
    return machine && this.#desired.of(machine.id)?.metrics.get(name)?.desired;
  }
}
