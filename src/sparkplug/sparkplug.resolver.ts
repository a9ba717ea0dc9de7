import DataLoader from "dataloader";
import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import { LARGEST_PAGE } from "../graphql/page-size.js";
import { badInput } from "../graphql/pagination.js";
import type { Equipment } from "../plant/equipment.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import type { EdgeNodeView, ScopeView } from "./host-session.service.js";
import type { Presence } from "./node-scope.js";
import type { SparkplugService } from "./sparkplug.service.js";
import {
  EdgeDevice,
  EdgeNode,
  type EdgePresence,
  MetricChange,
  RequestRebirthInput,
  RequestRebirthPayload,
} from "./sparkplug.types.js";

/** Changes of one machine: whoever asks for those of many machines must not get millions. */
const MOST_CHANGES = 100;

/** What the API hands from an edge node or a device to its machine. */
interface WithMachine {
  readonly equipment: Equipment | null;
}

const PRESENCES: Readonly<Record<Presence, EdgePresence>> = {
  born: "ONLINE",
  dead: "OFFLINE",
  unknown: "UNKNOWN",
};
const MACHINE = { nullable: true, description: "Its machine; null where no birth has made one." };

@Resolver(() => EdgeNode)
export class EdgeNodeResolver {
  readonly #sparkplug: SparkplugService;
  readonly #twins: TwinService;

  constructor(deps: { sparkplug: SparkplugService; twins: TwinService }) {
    this.#sparkplug = deps.sparkplug;
    this.#twins = deps.twins;
  }

  @Query(() => [EdgeNode], {
    description:
      "The edge nodes of a source that speaks Sparkplug, in the order in which they were first heard of. None where another server consumes the source.",
  })
  edgeNodes(
    @Arg("source", () => String, { description: "The source's name." }) source: string,
    @Arg("group", () => String, { nullable: true, description: "Only of this group id." }) group:
      | string
      | null,
    @Arg("edgeNode", () => String, { nullable: true, description: "Only of this edge node id." })
    edgeNode: string | null,
    @Arg("first", () => Int, { defaultValue: 100, description: `At most so many, up to ${LARGEST_PAGE}.` })
    first: number,
  ): object[] {
    const filter = { group: group ?? null, edgeNode: edgeNode ?? null };
    const nodes = this.#sparkplug.edgeNodes(source, filter, within(first));
    if (nodes === null)
      throw badInput(`there is no source ${JSON.stringify(source)} that speaks Sparkplug`, ["source"]);
    return nodes.map(nodeValue);
  }

  @Mutation(() => RequestRebirthPayload, {
    description:
      "Asks an edge node for its births, with all its metrics. The server asks by itself where the specification wants it; an edge node need not answer.",
  })
  async requestRebirth(
    @Arg("input", () => RequestRebirthInput, { description: "Whom to ask." }) input: RequestRebirthInput,
  ): Promise<object> {
    const { source, group, edgeNode } = input;
    const { node, userErrors } = await this.#sparkplug.requestRebirth(source, { group, edgeNode });
    return { edgeNode: node && nodeValue(node), userErrors };
  }

  @FieldResolver(() => [EdgeDevice], { description: "The devices of which it has told." })
  devices(
    @Root() { devices }: EdgeNodeView,
    @Arg("first", () => Int, { defaultValue: 100, description: `At most so many, up to ${LARGEST_PAGE}.` })
    first: number,
  ): object[] {
    return devices.slice(0, within(first)).map(deviceValue);
  }

  @FieldResolver(() => Machine, MACHINE)
  machine(@Root() node: WithMachine): TwinView | null {
    return node.equipment && this.#twins.of(node.equipment).view;
  }
}

@Resolver(() => EdgeDevice)
export class EdgeDeviceResolver {
  readonly #twins: TwinService;

  constructor(deps: { twins: TwinService }) {
    this.#twins = deps.twins;
  }

  @FieldResolver(() => Machine, MACHINE)
  machine(@Root() device: WithMachine): TwinView | null {
    return device.equipment && this.#twins.of(device.equipment).view;
  }
}

/** What births add to machines. */
@Resolver(() => Machine)
export class MachineBirthsResolver {
  readonly #sparkplug: SparkplugService;

  constructor(deps: { sparkplug: SparkplugService }) {
    this.#sparkplug = deps.sparkplug;
  }

  @FieldResolver(() => [MetricChange], {
    description: "How its metrics differed from one birth to the next (Sparkplug), the newest first.",
  })
  async metricChanges(
    @Root() machine: TwinView,
    @Ctx() context: GraphQLContext,
    @Arg("first", () => Int, { defaultValue: 20, description: `At most so many, up to ${MOST_CHANGES}.` })
    first: number,
  ): Promise<readonly object[]> {
    const limit = within(first, MOST_CHANGES);
    // It does not remember: a subscription keeps its context, and an answer would stay for ever.
    const loader = loaderOf(
      context,
      `sparkplug.changes ${limit}`,
      () => new DataLoader((ids: readonly string[]) => this.#sparkplug.changes(ids, limit), { cache: false }),
    );
    return loader.load(machine.equipment.id);
  }
}

/** @throws GraphQLError BAD_USER_INPUT. */
function within(first: number, most = LARGEST_PAGE): number {
  if (first < 0 || first > most) throw badInput(`first must be between 0 and ${most}`, ["first"]);
  return first;
}

function nodeValue({ group, edgeNode, presence, machine, bdSeq, devices }: EdgeNodeView): object {
  return {
    group,
    edgeNode,
    presence: PRESENCES[presence],
    bdSeq,
    equipment: machine,
    devices,
  };
}

function deviceValue({ device, presence, machine }: ScopeView): object {
  return { id: device, presence: PRESENCES[presence], equipment: machine };
}
