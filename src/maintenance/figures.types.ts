import { ArgsType, Field, Float, Int, ObjectType } from "type-graphql";
import { GraphQLDateTime, GraphQLEquipmentPath } from "../graphql/scalars.js";
import type { MaintenanceKind } from "./maintenance.js";
import { MaintenanceKindEnum } from "./maintenance.types.js";

@ObjectType({
  description: "What is still to be done at the end of a range, or now where the end has not come.",
  simpleResolvers: true,
})
export class MaintenanceBacklog {
  @Field(() => Int, { description: "Orders not yet completed or cancelled." })
  orders!: number;

  @Field(() => Int, { description: "Those of them that should be done by then." })
  overdue!: number;

  @Field(() => Float, { description: "Hours of work that they are estimated to take." })
  estimatedHours!: number;

  @Field(() => Int, { description: "How many of them nobody has estimated: their hours are missing." })
  withoutEstimate!: number;
}

@ObjectType({ description: "Whether orders were done when they were due.", simpleResolvers: true })
export class MaintenanceCompliance {
  @Field(() => Int, {
    description: "Orders that came to be due in the range, until now; cancelled ones are left out.",
  })
  due!: number;

  @Field(() => Int, { description: "Those of them that were completed in time." })
  onTime!: number;

  @Field(() => Float, { nullable: true, description: "onTime / due; null when nothing was due." })
  ratio!: number | null;
}

@ObjectType({ description: "How long orders took, from start to completion.", simpleResolvers: true })
export class MaintenanceRepair {
  @Field(() => Int, { description: "Orders completed in the range." })
  count!: number;

  @Field(() => Float, { description: "What they took together, in hours." })
  hours!: number;

  @Field(() => Float, {
    nullable: true,
    description: "The mean, in hours; of corrective orders it is the MTTR. Null when there were none.",
  })
  meanHours!: number | null;
}

@ObjectType({ description: "Figures of the maintenance orders of one kind.", simpleResolvers: true })
export class MaintenanceKindFigures {
  @Field(() => MaintenanceKindEnum, { description: "The kind." })
  kind!: MaintenanceKind;

  @Field(() => Int, { description: "Orders made in the range." })
  created!: number;

  @Field(() => Int, { description: "Orders completed in the range." })
  completed!: number;

  @Field(() => Int, { description: "Orders cancelled in the range." })
  cancelled!: number;

  @Field(() => Float, { description: "Time spent in the range as people logged it, in hours." })
  workedHours!: number;

  @Field(() => MaintenanceBacklog, { description: "What is still to be done." })
  backlog!: object;

  @Field(() => MaintenanceCompliance, { description: "Whether they were done when they were due." })
  compliance!: object;

  @Field(() => MaintenanceRepair, { description: "How long they took." })
  repair!: object;
}

@ObjectType({ description: "How maintenance is doing in a range.", simpleResolvers: true })
export class MaintenanceFigures {
  @Field(() => GraphQLDateTime, { description: "The beginning, included." })
  from!: Date;

  @Field(() => GraphQLDateTime, { description: "The end, excluded." })
  to!: Date;

  @Field(() => MaintenanceBacklog, { description: "What is still to be done, of all kinds." })
  backlog!: object;

  @Field(() => MaintenanceCompliance, {
    description: "Whether preventive orders were done when they were due.",
  })
  compliance!: object;

  @Field(() => MaintenanceRepair, { description: "How long corrective orders took." })
  repair!: object;

  @Field(() => [MaintenanceKindFigures], { description: "The same of each kind." })
  byKind!: readonly object[];
}

@ArgsType()
export class MaintenanceFiguresArgs {
  @Field(() => GraphQLEquipmentPath, { nullable: true, description: "Only machines at or below this path." })
  under?: string | null;

  @Field(() => GraphQLDateTime, { description: "The beginning, included." })
  from!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: "The end, excluded; now when left out." })
  to?: Date | null;
}
