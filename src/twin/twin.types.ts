import { Field, ObjectType, registerEnumType } from "type-graphql";
import { enumOf } from "../graphql/enums.js";
import { Node } from "../graphql/node.types.js";
import { connectionTypes } from "../graphql/pagination.js";
import {
  GraphQLDateTime,
  GraphQLEquipmentPath,
  GraphQLMetricValue,
  GraphQLSafeInt,
} from "../graphql/scalars.js";
import type { EquipmentLevel } from "../plant/equipment.js";
import type { MetricRole } from "../plant/machine-type.js";
import { Equipment, MachineType, MetricRoleEnum } from "../plant/plant.types.js";
import { MACHINE_MODES, MACHINE_STATES, type MachineMode, type MachineState } from "./packml.js";
import { QUALITIES, type Quality, type Scalar } from "./sample.js";
import { CONNECTIVITY_STATUSES, type ConnectivityStatus } from "./twin-model.js";

export const ConnectivityStatusEnum = enumOf(CONNECTIVITY_STATUSES);
registerEnumType(ConnectivityStatusEnum, {
  name: "ConnectivityStatus",
  description: "Whether a machine is heard.",
  valuesConfig: {
    ONLINE: { description: "It reports, or says that it is there." },
    STALE: { description: "It has been silent for longer than its type allows." },
    OFFLINE: {
      description: "It, or its MQTT will, said that it is gone, or it has been silent for very long.",
    },
    UNKNOWN: { description: "It was never heard." },
  },
});

export const MachineStateEnum = enumOf(MACHINE_STATES);
registerEnumType(MachineStateEnum, {
  name: "MachineState",
  description: "PackML (ISA-TR88.00.02) states, and UNKNOWN before the first report.",
});

export const MachineModeEnum = enumOf(MACHINE_MODES);
registerEnumType(MachineModeEnum, {
  name: "MachineMode",
  description: "The unit mode, and UNKNOWN before the first report.",
});

export const QualityEnum = enumOf(QUALITIES);
registerEnumType(QualityEnum, {
  name: "Quality",
  description: "How far a value can be trusted.",
  valuesConfig: {
    GOOD: { description: "As the device sent it." },
    UNCERTAIN: { description: "Something about it, such as its time, had to be assumed." },
    BAD: { description: "The device itself says that it is not to be trusted." },
  },
});

@ObjectType({ description: "Whether a machine is heard.", simpleResolvers: true })
export class Connectivity {
  @Field(() => ConnectivityStatusEnum, { description: "Whether it is heard." })
  status!: ConnectivityStatus;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When the status began." })
  since!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When its last message came." })
  lastSeen!: Date | null;
}

@ObjectType({ description: "A metric's present reading.", simpleResolvers: true })
export class Metric {
  @Field(() => String, { description: "Unique within the machine; nested names are joined with /." })
  name!: string;

  @Field(() => GraphQLMetricValue, {
    nullable: true,
    description: "Null before the first report, or when null was reported.",
  })
  value!: Scalar;

  @Field(() => String, { description: "Double, Int64, Boolean or String." })
  dataType!: string;

  @Field(() => String, { nullable: true, description: "The unit, from the machine type." })
  unit!: string | null;

  @Field(() => MetricRoleEnum, {
    nullable: true,
    description: "What it means to the MES, from the machine type.",
  })
  role!: MetricRole | null;

  @Field(() => QualityEnum, { description: "How far it can be trusted." })
  quality!: Quality;

  @Field(() => Boolean, {
    description: "True when the device that reports it is offline, or it is older than its type's limit.",
  })
  stale!: boolean;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it was so, by the device's clock." })
  sourceTime!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "When it arrived, by the server's clock." })
  receivedTime!: Date | null;

  @Field(() => String, { description: "Canonical topic: <machine path>/<metric name>." })
  topic!: string;
}

@ObjectType({
  description: "A machine and its digital twin, as one object.",
  implements: [Node, Equipment],
})
export class Machine {
  id!: string;
  path!: string;
  name!: string;
  level!: EquipmentLevel;

  @Field(() => MachineType, {
    nullable: true,
    description: "What it is; null for a discovered machine that no type takes.",
  })
  machineType?: MachineType | null;

  @Field(() => GraphQLSafeInt, {
    description: "Grows by one with every applied change of the twin; orders snapshots and deltas.",
  })
  revision!: number;

  @Field(() => Connectivity, { description: "Whether it is heard." })
  connectivity!: Connectivity;

  @Field(() => MachineStateEnum, { description: "What it does, by its metric with the role STATE." })
  state!: MachineState;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "When the state began, by the device's clock.",
  })
  stateSince!: Date | null;

  @Field(() => MachineModeEnum, { description: "How it is run, by its metric with the role MODE." })
  mode!: MachineMode;
}

export const { Connection: MachineConnection } = connectionTypes("Machine", () => Machine);

export const MachineEventKindEnum = enumOf(["SNAPSHOT", "DELTA"]);
registerEnumType(MachineEventKindEnum, {
  name: "MachineEventKind",
  description: "What an event carries.",
  valuesConfig: {
    SNAPSHOT: { description: "All metrics: forget what you had." },
    DELTA: { description: "The changed metrics: put them over what you have." },
  },
});

@ObjectType({ description: "A change of one machine's twin.", simpleResolvers: true })
export class MachineEvent {
  @Field(() => MachineEventKindEnum, { description: "What it carries." })
  kind!: "SNAPSHOT" | "DELTA";

  @Field(() => GraphQLSafeInt, {
    description: "The twin's revision after this event; a DELTA's is one above the event before.",
  })
  revision!: number;

  @Field(() => String, { description: "Opaque; hand it to resumeAfter to go on after this event." })
  cursor!: string;

  @Field(() => Machine, { description: "The machine as of this revision; its metrics field is the present." })
  machine!: object;

  @Field(() => [Metric], { description: "All metrics in a SNAPSHOT, the changed ones in a DELTA." })
  metrics!: readonly object[];
}

@ObjectType({ description: "A sample as a device sent it.", simpleResolvers: true })
export class TelemetryEvent {
  @Field(() => String, { description: "Canonical topic: <machine path>/<metric name>." })
  topic!: string;

  @Field(() => GraphQLEquipmentPath, { description: "The machine that sent it." })
  machine!: string;

  @Field(() => String, { description: "The metric's name." })
  metric!: string;

  @Field(() => GraphQLMetricValue, { nullable: true, description: "The value." })
  value!: Scalar;

  @Field(() => QualityEnum, { description: "How far it can be trusted." })
  quality!: Quality;

  @Field(() => GraphQLDateTime, { description: "When it was so, by the device's clock." })
  sourceTime!: Date;

  @Field(() => GraphQLDateTime, { description: "When it arrived, by the server's clock." })
  receivedTime!: Date;
}

@ObjectType({ description: "A machine went from one state to another.", simpleResolvers: true })
export class MachineStateEvent {
  @Field(() => Machine, { description: "The machine as of this change." })
  machine!: object;

  @Field(() => MachineStateEnum, { description: "The state before." })
  from!: MachineState;

  @Field(() => MachineStateEnum, { description: "The state after." })
  to!: MachineState;

  @Field(() => GraphQLDateTime, { description: "When, by the device's clock." })
  at!: Date;
}
