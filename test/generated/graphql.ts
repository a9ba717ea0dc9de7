/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How far a command has come. */
export type CommandStatus =
  /** The device has taken it and works on it. */
  | 'ACCEPTED'
  /** Called back before it was sent. */
  | 'CANCELLED'
  /** The device has done it. */
  | 'COMPLETED'
  /** The broker did not confirm it in time. */
  | 'EXPIRED'
  /** The device could not do it, or the broker refused it; reason says why. */
  | 'FAILED'
  /** Stored, not yet confirmed by the broker. */
  | 'QUEUED'
  /** The device refused it; reason says why. */
  | 'REJECTED'
  /** The broker has confirmed it; the device has not answered. */
  | 'SENT'
  /** It was sent, and its end was not reported in time; the device may have done it. */
  | 'TIMED_OUT';

/** Whether a machine is heard. */
export type ConnectivityStatus =
  /** It, or its MQTT will, said that it is gone, or it has been silent for very long. */
  | 'OFFLINE'
  /** It reports, or says that it is there. */
  | 'ONLINE'
  /** It has been silent for longer than its type allows. */
  | 'STALE'
  /** It was never heard. */
  | 'UNKNOWN';

/** What an event carries. */
export type MachineEventKind =
  /** The changed metrics: put them over what you have. */
  | 'DELTA'
  /** All metrics: forget what you had. */
  | 'SNAPSHOT';

/** The unit mode, and UNKNOWN before the first report. */
export type MachineMode =
  | 'MAINTENANCE'
  | 'MANUAL'
  | 'PRODUCTION'
  | 'SETUP'
  | 'UNKNOWN';

/** PackML (ISA-TR88.00.02) states, and UNKNOWN before the first report. */
export type MachineState =
  | 'ABORTED'
  | 'ABORTING'
  | 'CLEARING'
  | 'COMPLETE'
  | 'COMPLETING'
  | 'EXECUTE'
  | 'HELD'
  | 'HOLDING'
  | 'IDLE'
  | 'RESETTING'
  | 'STARTING'
  | 'STOPPED'
  | 'STOPPING'
  | 'SUSPENDED'
  | 'SUSPENDING'
  | 'UNHOLDING'
  | 'UNKNOWN'
  | 'UNSUSPENDING';

/** How far a maintenance order is: PLANNED, OPEN, IN_PROGRESS, COMPLETED; or CANCELLED before it began. */
export type MaintenanceStatus =
  /** It will not be done. */
  | 'CANCELLED'
  /** It is done. */
  | 'COMPLETED'
  /** Someone is at it. */
  | 'IN_PROGRESS'
  /** It waits to be started. */
  | 'OPEN'
  /** It was made for a time to come. */
  | 'PLANNED';

/** How far an operation is. */
export type OperationStatus =
  /** It was given up with its order. */
  | 'ABORTED'
  /** It is done. */
  | 'COMPLETED'
  /** It is interrupted; its machine is free. */
  | 'HELD'
  /** It may start. */
  | 'READY'
  /** It runs on its machine, and no other does. */
  | 'RUNNING'
  /** The order is not released, or the operation before it is not completed. */
  | 'WAITING';

/** How far a production order is. */
export type OrderStatus =
  /** It was given up on the way. */
  | 'ABORTED'
  /** It was given up before it began. */
  | 'CANCELLED'
  /** It is settled. */
  | 'CLOSED'
  /** Its last operation is completed. */
  | 'COMPLETED'
  /** It is known; nothing of it may start. */
  | 'CREATED'
  /** It is interrupted; nothing of it runs. */
  | 'HELD'
  /** Its first operation may start. */
  | 'RELEASED'
  /** An operation of it was started. */
  | 'RUNNING';

/** How far a value can be trusted. */
export type Quality =
  /** The device itself says that it is not to be trusted. */
  | 'BAD'
  /** As the device sent it. */
  | 'GOOD'
  /** Something about it, such as its time, had to be assumed. */
  | 'UNCERTAIN';

/** Why a mutation did not do what was asked. */
export type UserErrorCode =
  /** The machine's type declares no such command. */
  | 'COMMAND_UNKNOWN'
  /** The caller may not do this. */
  | 'FORBIDDEN'
  /** The key was used before with another input. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** A value of the input cannot be; field names it. */
  | 'INVALID_INPUT'
  /** The object's status does not allow this step. */
  | 'INVALID_TRANSITION'
  /** Another operation runs on the machine. */
  | 'MACHINE_BUSY'
  /** A maintenance order with lockout is in progress. */
  | 'MACHINE_LOCKED_OUT'
  /** The machine is offline or was never heard. */
  | 'MACHINE_OFFLINE'
  /** What the input names does not exist. */
  | 'NOT_FOUND'
  /** The twin is not at the expected revision, or another condition does not hold. */
  | 'PRECONDITION_FAILED'
  /** Someone else changed the object since the expected version. */
  | 'VERSION_CONFLICT';

export type MachineChangedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type MachineChangedSubscription = { machineChanged: { kind: MachineEventKind, revision: number, cursor: string, metrics: Array<{ name: string, value: number | string | boolean | null, unit: string | null, sourceTime: string | null }> } };

export type MachineWithHistoryQueryVariables = Exact<{
  path: string;
  from: string;
  metrics: Array<string> | string;
}>;


export type MachineWithHistoryQuery = { machine: { name: string, revision: number, state: MachineState, metrics: Array<{ name: string, value: number | string | boolean | null, unit: string | null, quality: Quality, stale: boolean, sourceTime: string | null }>, history: Array<{ metric: string, unit: string | null, points: Array<{ time: string, value: number | string | boolean | null, min: number | null, max: number | null }> }> } | null };

export type MachinesOverviewQueryVariables = Exact<{ [key: string]: never; }>;


export type MachinesOverviewQuery = { machines: { totalCount: number, edges: Array<{ node: { path: string, name: string, mode: MachineMode, state: MachineState, stateSince: string | null, machineType: { name: string } | null, connectivity: { status: ConnectivityStatus, lastSeen: string | null }, activeOperation: { name: string, order: { number: string, product: string } } | null } }> } };

export type PlanMaintenanceMutationVariables = Exact<{ [key: string]: never; }>;


export type PlanMaintenanceMutation = { createMaintenanceOrder: { maintenanceOrder: { number: string, status: MaintenanceStatus, lockout: boolean, version: number, machine: { path: string } } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type SetSpeedMutationVariables = Exact<{ [key: string]: never; }>;


export type SetSpeedMutation = { sendCommand: { command: { id: string, status: CommandStatus, reason: string | null, topic: string | null, queuedAt: string, expiresAt: string } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type StartOrderMutationVariables = Exact<{
  number: string;
  machine: string;
}>;


export type StartOrderMutation = { upsertOrders: { results: Array<{ number: string, created: boolean, userErrors: Array<{ code: UserErrorCode, message: string }> }> }, releaseOrder: { order: { status: OrderStatus, version: number } | null, userErrors: Array<{ code: UserErrorCode, message: string }> }, startOperation: { operation: { name: string, status: OperationStatus, startedAt: string | null, goodQuantity: number, machine: { path: string, state: MachineState } | null } | null, userErrors: Array<{ code: UserErrorCode, message: string }> } };

export type TelemetryReceivedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type TelemetryReceivedSubscription = { telemetryReceived: { topic: string, value: number | string | boolean | null, quality: Quality, sourceTime: string } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const MachineChangedDocument = new TypedDocumentString(`
    subscription MachineChanged {
  machineChanged(path: "acme/berlin/bottling/line-1/filler-1") {
    kind
    revision
    cursor
    metrics {
      name
      value
      unit
      sourceTime
    }
  }
}
    `) as unknown as TypedDocumentString<MachineChangedSubscription, MachineChangedSubscriptionVariables>;
export const MachineWithHistoryDocument = new TypedDocumentString(`
    query MachineWithHistory($path: EquipmentPath!, $from: DateTime!, $metrics: [String!]!) {
  machine(path: $path) {
    name
    revision
    state
    metrics {
      name
      value
      unit
      quality
      stale
      sourceTime
    }
    history(metrics: $metrics, from: $from, points: 60) {
      metric
      unit
      points {
        time
        value
        min
        max
      }
    }
  }
}
    `) as unknown as TypedDocumentString<MachineWithHistoryQuery, MachineWithHistoryQueryVariables>;
export const MachinesOverviewDocument = new TypedDocumentString(`
    query MachinesOverview {
  machines(first: 50) {
    totalCount
    edges {
      node {
        path
        name
        machineType {
          name
        }
        connectivity {
          status
          lastSeen
        }
        mode
        state
        stateSince
        activeOperation {
          name
          order {
            number
            product
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<MachinesOverviewQuery, MachinesOverviewQueryVariables>;
export const PlanMaintenanceDocument = new TypedDocumentString(`
    mutation PlanMaintenance {
  createMaintenanceOrder(
    input: {machine: "acme/berlin/bottling/line-1/filler-1", kind: PREVENTIVE, title: "Replace the filler valve seals", lockout: true}
  ) {
    maintenanceOrder {
      number
      status
      lockout
      version
      machine {
        path
      }
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<PlanMaintenanceMutation, PlanMaintenanceMutationVariables>;
export const SetSpeedDocument = new TypedDocumentString(`
    mutation SetSpeed {
  sendCommand(
    input: {machine: "acme/berlin/bottling/line-1/filler-1", name: "setSpeed", arguments: {speed: 240}}
  ) {
    command {
      id
      status
      reason
      topic
      queuedAt
      expiresAt
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<SetSpeedMutation, SetSpeedMutationVariables>;
export const StartOrderDocument = new TypedDocumentString(`
    mutation StartOrder($number: String!, $machine: EquipmentPath!) {
  upsertOrders(
    input: {orders: [{number: $number, product: "Lemonade 0.5 l", quantity: 1000, operations: [{sequence: 10, name: "Filling", machine: $machine, idealCycleTimeMs: 200}]}]}
  ) {
    results {
      number
      created
      userErrors {
        code
        message
      }
    }
  }
  releaseOrder(input: {number: $number}) {
    order {
      status
      version
    }
    userErrors {
      code
      message
    }
  }
  startOperation(input: {order: $number, sequence: 10}) {
    operation {
      name
      status
      startedAt
      goodQuantity
      machine {
        path
        state
      }
    }
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<StartOrderMutation, StartOrderMutationVariables>;
export const TelemetryReceivedDocument = new TypedDocumentString(`
    subscription TelemetryReceived {
  telemetryReceived(topic: "acme/+/bottling/#", maxRateHz: 2) {
    topic
    value
    quality
    sourceTime
  }
}
    `) as unknown as TypedDocumentString<TelemetryReceivedSubscription, TelemetryReceivedSubscriptionVariables>;