import { Field, Float, ID, Int, InterfaceType, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { Node } from "../graphql/node.types.js";
import { GraphQLEquipmentPath, GraphQLJSON } from "../graphql/scalars.js";
import { EQUIPMENT_LEVELS, type EquipmentLevel } from "./equipment.js";
import { type CommandProof, METRIC_ROLES, type MetricRole } from "./machine-type.js";

export const EquipmentLevelEnum = enumOf(EQUIPMENT_LEVELS);
registerEnumType(EquipmentLevelEnum, {
  name: "EquipmentLevel",
  description: "The levels of the equipment hierarchy (ISA-95, with the machine as the lowest).",
});

export const MetricRoleEnum = enumOf(METRIC_ROLES);
registerEnumType(MetricRoleEnum, {
  name: "MetricRole",
  description: "What a metric means to the MES. Roles, not names, connect telemetry to orders and KPIs.",
  valuesConfig: {
    STATE: { description: "The PackML state, as name or number." },
    MODE: { description: "The unit mode: production, maintenance, manual or set-up." },
    FAULT: { description: "The code of the fault that there is; null, 0, false and an empty text are none." },
    GOOD_COUNT: { description: "An absolute counter of good pieces." },
    REJECT_COUNT: { description: "An absolute counter of rejected pieces." },
    TOTAL_COUNT: { description: "An absolute counter of all pieces." },
    CYCLE_TIME: { description: "The time of one cycle." },
    ENERGY: { description: "An absolute energy counter." },
    OPERATING_HOURS: { description: "An absolute counter of operating hours." },
    SETPOINT: { description: "A value that the machine tries to keep." },
    SENSOR: { description: "A measured value." },
  },
});

/** Plant files write them in lower case. */
const CommandProofEnum = { REPLY: "reply", ECHO: "echo", STATE: "state" } as const satisfies Record<
  Uppercase<CommandProof>,
  CommandProof
>;
registerEnumType(CommandProofEnum, {
  name: "CommandProof",
  description: "What proves that a command was done.",
  valuesConfig: {
    REPLY: { description: "The device says so." },
    ECHO: { description: "The machine reports the values that the command has written." },
    STATE: { description: "The machine reports one of the states that the command leads to." },
  },
});

@InterfaceType({
  description: "A node of the equipment hierarchy.",
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class Equipment {
  @Field(() => ID, { description: "Global and opaque; it stays the same for ever." })
  id!: string;

  @Field(() => GraphQLEquipmentPath, { description: "The key that ERP systems and MQTT topics share." })
  path!: string;

  @Field(() => String, {
    description: "For people; the last level of the path unless the plant file says otherwise.",
  })
  name!: string;

  @Field(() => EquipmentLevelEnum, { description: "Where it stands in the hierarchy." })
  level!: EquipmentLevel;

  @Field(() => EquipmentGroup, {
    nullable: true,
    description: "The equipment one level up; null at the top.",
  })
  parent?: EquipmentGroup | null;
}

@ObjectType({
  description: "An enterprise, site, area or line.",
  implements: [Node, Equipment],
})
export class EquipmentGroup {
  id!: string;
  path!: string;
  name!: string;
  level!: EquipmentLevel;
}

@ObjectType({ description: "What a machine type says about one metric.", simpleResolvers: true })
export class MetricDefinition {
  @Field(() => String, { description: "Nested names are joined with /." })
  name!: string;

  @Field(() => String, { description: "Double, Int64, Boolean or String." })
  dataType!: string;

  @Field(() => String, { nullable: true, description: "The unit of its values." })
  unit!: string | null;

  @Field(() => MetricRoleEnum, { nullable: true, description: "What it means to the MES." })
  role!: MetricRole | null;

  @Field(() => Boolean, { description: "Whether it may be set from here." })
  writable!: boolean;

  @Field(() => Float, { nullable: true, description: "The lowest value that makes sense." })
  min!: number | null;

  @Field(() => Float, { nullable: true, description: "The highest value that makes sense." })
  max!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "A value older than this, in milliseconds, is stale; null: never by age.",
  })
  staleAfterMs!: number | null;
}

@ObjectType({ description: "A command that machines of a type accept.", simpleResolvers: true })
export class CommandDefinition {
  @Field(() => String, { description: "The name to send." })
  name!: string;

  @Field(() => String, { nullable: true, description: "What it does." })
  description!: string | null;

  @Field(() => GraphQLJSON, { description: "JSON Schema of the arguments." })
  parameters!: unknown;

  @Field(() => Int, {
    description: "How long a command waits for its end, in milliseconds, unless it says otherwise.",
  })
  timeoutMs!: number;

  @Field(() => CommandProofEnum, { description: "What proves that it was done." })
  confirm!: CommandProof;

  @Field(() => [String], {
    nullable: true,
    description: "The PackML states in which it may be sent; null: in all.",
  })
  allowedStates!: readonly string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: "The PackML states of which one is reached when it is done; null: none proves it.",
  })
  reaches!: readonly string[] | null;

  @Field(() => Boolean, {
    description: "Whether it waits until no other such command to the machine is open.",
  })
  oneAtATime!: boolean;

  @Field(() => Int, { description: "How often it is sent again while nothing comes from the machine." })
  retries!: number;
}

@ObjectType({
  description: "What machines of one kind report and accept: roles, units, limits, commands.",
  implements: [Node],
})
export class MachineType {
  id!: string;

  @Field(() => String, { description: "Unique among machine types." })
  name!: string;

  @Field(() => Int, { description: "Grows by one with every change of the definition." })
  version!: number;

  @Field(() => [MetricDefinition], { description: "The metrics it declares." })
  metrics!: MetricDefinition[];

  @Field(() => [CommandDefinition], {
    description: "The commands it declares. No other command is ever sent.",
  })
  commands!: CommandDefinition[];
}
