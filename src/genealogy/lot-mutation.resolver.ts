import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import { keyOfGlobalId } from "../kernel/ids.js";
import { callerOf } from "../orders/caller-input.types.js";
import type { GenealogyService, LotOutcome } from "./genealogy.service.js";
import { LotMovementsPayload, LotsPayload } from "./lot.types.js";
import {
  type LotRefInput,
  MergeLotsInput,
  ReportConsumptionInput,
  ReportOutputInput,
  ReverseLotMovementInput,
  SplitLotInput,
} from "./lot-input.types.js";
import type { LotQueryService } from "./lot-query.service.js";
import { lotValue, movementValue } from "./lot-values.js";

@Resolver()
export class LotMutationResolver {
  readonly #genealogy: GenealogyService;
  readonly #lots: LotQueryService;

  constructor(deps: { genealogy: GenealogyService; lots: LotQueryService }) {
    this.#genealogy = deps.genealogy;
    this.#lots = deps.lots;
  }

  @Mutation(() => LotMovementsPayload, {
    description:
      "Books the lots that an operation, once started, consumed. Possible until the order is closed.",
  })
  async reportConsumption(
    @Arg("input", () => ReportConsumptionInput, { description: "What was consumed." })
    input: ReportConsumptionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const lots = input.lots.map(({ lot, unit, serials, ...rest }) => ({
      ...rest,
      ...{ number: lot, unit: unit ?? null, serials: serials ?? [], from: null },
    }));
    const outcome = await this.#genealogy.reportConsumption(callerOf(input, context), {
      ...movementOf(input),
      lots,
    });
    return this.#movements(outcome);
  }

  @Mutation(() => LotMovementsPayload, {
    description:
      "Books the lots that an operation, once started, produced: they come from all that it consumes, unless from names them. It counts no pieces: reportProduction does. Possible until the order is closed.",
  })
  async reportOutput(
    @Arg("input", () => ReportOutputInput, { description: "What was produced." }) input: ReportOutputInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const lots = input.lots.map(({ lot, material, unit, serials, from, quantity }) => ({
      ...{ number: lot, quantity, material: material ?? null, unit: unit ?? null, serials: serials ?? [] },
      from: from?.map(nameOf) ?? null,
    }));
    const outcome = await this.#genealogy.reportOutput(callerOf(input, context), {
      ...movementOf(input),
      lots,
    });
    return this.#movements(outcome);
  }

  @Mutation(() => LotMovementsPayload, {
    description:
      "Takes a movement that was booked wrongly back, by a movement of the opposite quantity that names it. It links no lots from then on.",
  })
  async reverseLotMovement(
    @Arg("input", () => ReverseLotMovementInput, { description: "The movement." })
    input: ReverseLotMovementInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const movementId = keyOfGlobalId("LotMovement", input.movement);
    const { reason } = input;
    return this.#movements(await this.#genealogy.reverse(callerOf(input, context), { movementId, reason }));
  }

  @Mutation(() => LotsPayload, { description: "Books that a lot was split into others of its material." })
  async splitLot(
    @Arg("input", () => SplitLotInput, { description: "The lot and its parts." }) input: SplitLotInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const outcome = await this.#genealogy.split(callerOf(input, context), {
      lot: nameOf(input),
      parts: input.into.map(({ lot, quantity }) => ({ number: lot, quantity })),
      at: input.at ?? null,
    });
    return this.#made(outcome);
  }

  @Mutation(() => LotsPayload, { description: "Books that lots of one material were merged into another." })
  async mergeLots(
    @Arg("input", () => MergeLotsInput, { description: "The lots and what came of them." })
    input: MergeLotsInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const outcome = await this.#genealogy.merge(callerOf(input, context), {
      lot: { number: input.into, material: input.material },
      parts: input.from.map(({ lot, quantity }) => ({ number: lot, quantity })),
      at: input.at ?? null,
    });
    return this.#made(outcome);
  }

  async #movements({ ids, userErrors }: LotOutcome): Promise<object> {
    const rows = ids.length === 0 ? [] : await this.#lots.movementsByIds(ids);
    return { movements: rows.flatMap((row) => (row ? movementValue(row) : [])), userErrors };
  }

  async #made({ ids, userErrors }: LotOutcome): Promise<object> {
    const rows = ids.length === 0 ? [] : await this.#lots.byIds(ids);
    return { lots: rows.flatMap((row) => (row ? lotValue(row) : [])), userErrors };
  }
}

function nameOf({ lot, material }: LotRefInput): { number: string; material: string } {
  return { number: lot, material };
}

function movementOf({ order, sequence, machine, at }: ReportConsumptionInput | ReportOutputInput) {
  return { order, sequence, machine: machine ?? null, at: at ?? null };
}
