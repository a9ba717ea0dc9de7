/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How serious an alarm is. */
export type AlarmSeverity =
  /** People or the machine are in danger: at once. */
  | 'CRITICAL'
  /** Good to know. */
  | 'INFO'
  /** Production stops, or soon will. */
  | 'MAJOR'
  /** Something is broken that production can do without for now. */
  | 'MINOR'
  /** Something is not as it should be. */
  | 'WARNING';

/** How far a command has come. */
export type CommandStatus =
  /** The device has taken it and works on it. */
  | 'ACCEPTED'
  /** Called back before it was sent. */
  | 'CANCELLED'
  /** The device has done it, proven as its definition says: by its reply, by the written values that it reports, or by the state that it has reached. */
  | 'COMPLETED'
  /** It could not be sent in time, or the broker did not confirm it in time. */
  | 'EXPIRED'
  /** The device could not do it, the broker refused it, or the machine was in no state for it when its turn came; reason says why. */
  | 'FAILED'
  /** Stored: it waits for its time, its turn, or the broker's confirmation. */
  | 'QUEUED'
  /** The device refused it; reason says why. */
  | 'REJECTED'
  /** The broker has confirmed it; the device has not answered. */
  | 'SENT'
  /** It was sent, and its end was not proven in time; the device may have done it. */
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

/** The one authority that counts an operation's pieces. */
export type CountingSource =
  /** The machine's counters. */
  | 'MACHINE'
  /** Someone who reports them. */
  | 'OPERATOR';

/** A maintenance order to be made. */
export type CreateMaintenanceOrderInput = {
  /** What is to be done or looked at, in order. */
  checklist?: Array<MaintenanceChecklistItemInput> | null | undefined;
  /** What is to be done, at length. */
  description?: string | null | undefined;
  /** When it must be done. */
  dueAt?: string | null | undefined;
  /** How many minutes of work it is expected to take. */
  estimatedMinutes?: number | null | undefined;
  /** Makes sending it twice harmless. */
  idempotencyKey?: string | null | undefined;
  /** Why it is done. */
  kind: MaintenanceKind;
  /** Whether commands to the machine and starts on it are refused while the order is in progress. */
  lockout?: boolean | null | undefined;
  /** The machine that it is about. */
  machine: string;
  /** Parts to be had ready. */
  parts?: Array<MaintenancePartInput> | null | undefined;
  /** When it is to begin; in the future makes it PLANNED, otherwise it is OPEN. */
  plannedStart?: string | null | undefined;
  /** The higher, the more urgent; 0 to 1,000. */
  priority?: number | null | undefined;
  /** What is to be done, in a line. */
  title: string;
};

/** A source to be made; everything means what it means in the plant file. */
export type CreateSourceInput = {
  /** What becomes of unknown machines and metrics. */
  discovery?: SourceDiscovery | null | undefined;
  /** Makes sending it twice harmless. */
  idempotencyKey?: string | null | undefined;
  /** How many messages may be on the way unacknowledged, 1 to 65,535. */
  inFlight?: number | null | undefined;
  /** Tried in order; each an object as under mappings in the plant file. At least one, except with sparkplug. */
  mappings?: Array<unknown> | null | undefined;
  /** Letters, digits and -; no other source has it. */
  name: string;
  /** Not to be consumed yet. */
  paused?: boolean | null | undefined;
  /** QoS of the subscriptions: with 1 or 2 what is sent while the server is away comes later. */
  qos?: number | null | undefined;
  /** An object as under sparkplug in the plant file, for a source of Sparkplug messages. */
  sparkplug?: unknown;
  /** mqtt(s):// or ws(s)://, with user:password@ where the broker asks for it; percent-encoded. */
  url: string;
};

/** What one metric shall be. */
export type DesiredMetricInput = {
  /** A metric that the machine type declares as writable. */
  name: string;
  /** A value of the metric's type and within its limits; null or left out to desire nothing. */
  value?: number | string | boolean | null | null | undefined;
};

/** What became of a desired value. */
export type DesiredStatus =
  /** Nothing is desired of the metric any more; only events tell it. */
  | 'CLEARED'
  /** The machine did not report the value in time, or has long reported another one since. */
  | 'NOT_FOLLOWED'
  /** Stored, and not sent yet: the machine is away, or the broker is. */
  | 'PENDING'
  /** The broker has it; the machine has not reported the value yet. */
  | 'SENT'
  /** The machine reports the value. */
  | 'SETTLED';

/** What a downtime counts as. */
export type DowntimeCategory =
  /** The machine was set up: it counts as set-up time. */
  | 'CHANGEOVER'
  /** It was meant to be: it does not count as planned busy time. */
  | 'PLANNED'
  /** Nobody and nothing has said yet: it counts as the machine's state tells. */
  | 'UNCLASSIFIED'
  /** Nobody wanted it: it counts as down time. */
  | 'UNPLANNED';

/** What a downtime has its category from. */
export type DowntimeClassifiedBy =
  /** The machine's state and mode, and maintenance in progress. */
  | 'DERIVED'
  /** A fault code of the machine that its type maps to a reason. */
  | 'FAULT'
  /** Someone said so. */
  | 'OPERATOR';

/** Whether figures may still change. */
export type KpiFinality =
  /** The range ended longer ago than late data may take, and nothing of it is open. A correction still restates it. */
  | 'FINAL'
  /** The range is open, or late data may still change it. */
  | 'PROVISIONAL';

/** What a part of the time was lost to, or won for. */
export type KpiLossKind =
  /** Of it: breaks. */
  | 'BREAK'
  /** Planned busy time and overtimeMs. */
  | 'BUSY'
  /** All of the range, of all machines: the root. */
  | 'CALENDAR_TIME'
  /** An operation ran, but the machine did not produce and was not down. */
  | 'DELAY'
  /** Down. */
  | 'DOWN'
  /** A single downtime. */
  | 'DOWNTIME'
  /** Of it: holidays. */
  | 'HOLIDAY'
  /** Downtimes shorter than the machine type's limit. */
  | 'MICRO_STOPS'
  /** Outside the calendar's busy time, and no production, set-up or maintenance. */
  | 'NOT_PLANNED'
  /** Of it: no shift took place. */
  | 'OFF_SHIFT'
  /** Planned maintenance, and downtimes that were classified as planned. */
  | 'PLANNED_DOWN'
  /** Of it: planned stops. */
  | 'PLANNED_STOP'
  /** Production. */
  | 'PRODUCTION'
  /** Of it: the ideal time of good pieces. */
  | 'PRODUCTIVE'
  /** Of it: the ideal time of scrap. */
  | 'QUALITY_LOSS'
  /** Downtimes of one reason; without a reason, those that nobody has given one. */
  | 'REASON'
  /** Set-up and changeover. */
  | 'SETUP'
  /** Of it: what was lost by running slower than the ideal cycle; below 0 where machines were faster. */
  | 'SPEED_LOSS'
  /** Nothing was asked of the machine: no operation ran. */
  | 'UNALLOCATED'
  /** Of it: machines that made something without an ideal cycle time. */
  | 'UNRATED';

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

/** A maintenance order to be started, completed or cancelled. */
export type MaintenanceActionInput = {
  /** When it happened, for what is told afterwards; now when left out. Not in the future; a completion not before the start, a cancellation not before the order was made. A start may be earlier than the order. */
  at?: string | null | undefined;
  /** Kept with the order. */
  comment?: string | null | undefined;
  /** Refuse unless the order is still at this version. */
  expectedVersion?: number | null | undefined;
  /** Makes sending it twice harmless. */
  idempotencyKey?: string | null | undefined;
  /** The order's number. */
  number: string;
};

/** One thing to be done or looked at. */
export type MaintenanceChecklistItemInput = {
  /** Whether the order cannot be completed before it is done. */
  required?: boolean | null | undefined;
  /** What is to be done. */
  text: string;
};

/** Why maintenance is done. */
export type MaintenanceKind =
  /** Something is broken. */
  | 'CORRECTIVE'
  /** To see how it is. */
  | 'INSPECTION'
  /** Its condition says that it will break. */
  | 'PREDICTIVE'
  /** It is due by calendar or usage. */
  | 'PREVENTIVE';

/** A part to be had ready. */
export type MaintenancePartInput = {
  /** What it is. */
  name?: string | null | undefined;
  /** Its number in the store. */
  partNumber: string;
  /** How many; above 0. */
  quantity: number;
  /** The unit of the quantity. */
  unit?: string | null | undefined;
};

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

/** An operation that something is to be done to. */
export type OperationActionInput = {
  /** When it happened, for what is told afterwards; now when left out. Not in the future, nor before the step before it, nor while another operation had the machine. */
  at?: string | null | undefined;
  /** Refuse unless the order is still at this version. */
  expectedVersion?: number | null | undefined;
  /** Makes sending it twice harmless. */
  idempotencyKey?: string | null | undefined;
  /** For a start: the machine, when it is not the planned one. Otherwise it must be the operation's. */
  machine?: string | null | undefined;
  /** The order's number. */
  order: string;
  /** Why; kept as the operation's statusReason. */
  reason?: string | null | undefined;
  /** The operation's place in the order. */
  sequence: number;
  /** The system that says so, such as a terminal's name; kept with what happens. */
  system?: string | null | undefined;
};

/** What completes an operation. */
export type OperationCompletion =
  /** Only completeOperation does. */
  | 'MANUAL'
  /** It completes by itself when its good quantity reaches the order's; completeOperation may be earlier. */
  | 'QUANTITY';

/** A step of an order that is sent. */
export type OperationInput = {
  /** What completes it. */
  completion?: OperationCompletion | null | undefined;
  /** Who counts its pieces. */
  countingSource?: CountingSource | null | undefined;
  /** The time of one unit at full speed, in milliseconds; above 0, at most 30 days. */
  idealCycleTimeMs?: number | null | undefined;
  /** Where it is planned; its start may name another machine. */
  machine?: string | null | undefined;
  /** What is done. */
  name: string;
  /** Whether it may start once the operation before it has started, and not only when all before it are completed. */
  overlap?: boolean | null | undefined;
  /** When it is to end. */
  plannedEnd?: string | null | undefined;
  /** When it is to begin. */
  plannedStart?: string | null | undefined;
  /** Its place among the order's steps, 1 to 99,999; unique within the order. */
  sequence: number;
};

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
  /** The order is not released, or what must be done before it is not. */
  | 'WAITING';

/** An order that something is to be done to. */
export type OrderActionInput = {
  /** When it happened, for what is told afterwards; now when left out. Not in the future, nor before the step before it. */
  at?: string | null | undefined;
  /** Refuse unless the order is still at this version. */
  expectedVersion?: number | null | undefined;
  /** Makes sending it twice harmless. */
  idempotencyKey?: string | null | undefined;
  /** The order's number. */
  number: string;
  /** Why; kept as the order's statusReason. */
  reason?: string | null | undefined;
  /** The system that says so, such as a terminal's name; kept with what happens. */
  system?: string | null | undefined;
};

/** An order that is sent, whole: what is left out is taken away or set to its default. */
export type OrderInput = {
  /** When it must be done. */
  dueAt?: string | null | undefined;
  /** Refuse unless the order is still at this version. */
  expectedVersion?: number | null | undefined;
  /** The key that it has in the ERP system. */
  number: string;
  /** Its steps, one at least. */
  operations: Array<OperationInput>;
  /** The higher, the more urgent; 0 to 1,000. */
  priority?: number | null | undefined;
  /** What is made. */
  product: string;
  /** How much is to be made; above 0, at most 1,000,000,000,000. */
  quantity: number;
  /** Releases the order too, if it is CREATED; no effect on one that is further. */
  release?: boolean | null | undefined;
  /** The unit of all its quantities. */
  unit?: string | null | undefined;
};

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

/** A command to send. */
export type SendCommandInput = {
  /** Must satisfy the JSON Schema that the machine type declares for the command. */
  arguments?: unknown;
  /** Refuse unless the twin is still at this revision. */
  expectedRevision?: number | null | undefined;
  /** The same key with the same input sends nothing and returns the first command. */
  idempotencyKey?: string | null | undefined;
  /** The machine's path. */
  machine: string;
  /** One of the commands that the machine type declares. */
  name: string;
  /** When it is to be sent, at most a year ahead; as soon as possible when left out. Whether the machine may get it is decided then. */
  scheduledAt?: string | null | undefined;
  /** Milliseconds in which it must end, 100 to 3,600,000, from now or from scheduledAt; what the machine type says when left out. */
  timeoutMs?: number | null | undefined;
};

/** What metrics of a machine shall be. */
export type SetDesiredInput = {
  /** Refuse unless the twin is still at this revision. */
  expectedRevision?: number | null | undefined;
  /** Refuse unless what is desired is still at this version, whatever the machine has reported since. */
  expectedVersion?: number | null | undefined;
  /** The same key with the same input sets nothing again and returns the first outcome. */
  idempotencyKey?: string | null | undefined;
  /** The machine's path. */
  machine: string;
  /** The metrics to set or clear; others stay as they are. */
  metrics: Array<DesiredMetricInput>;
};

/** A source to be paused, resumed or removed. */
export type SourceActionInput = {
  /** Makes sending it twice harmless. */
  idempotencyKey?: string | null | undefined;
  /** The source's name. */
  name: string;
};

/** What becomes of machines and metrics that nobody has declared. */
export type SourceDiscovery =
  /** They are taken in. */
  | 'AUTO'
  /** They become dead letters. */
  | 'OFF';

/** How a source is. */
export type SourceHealth =
  /** Messages come and are committed. */
  | 'CONNECTED'
  /** There is no connection to the broker. */
  | 'DISCONNECTED'
  /** Messages come, and their commits are 5 s or more behind, or fail. */
  | 'LAGGING'
  /** Nobody consumes it until it is resumed; its messages wait with the broker. */
  | 'PAUSED'
  /** Another server consumes it; this one takes over when that ends. */
  | 'STANDBY';

/** Where the settings of a source stand, which is the one place to change them. */
export type SourceOwner =
  /** In the database: createSource made it. */
  | 'API'
  /** In the plant file. It can be paused and resumed here. */
  | 'PLANT_FILE';

/** Settings of a source to be changed; what is left out, or null, stays as it is. */
export type UpdateSourceInput = {
  /** What becomes of unknown machines and metrics. */
  discovery?: SourceDiscovery | null | undefined;
  /** Refuse unless the source is still at this version. */
  expectedVersion?: number | null | undefined;
  /** Makes sending it twice harmless. */
  idempotencyKey?: string | null | undefined;
  /** How many messages may be on the way unacknowledged, 1 to 65,535. */
  inFlight?: number | null | undefined;
  /** Tried in order; each an object as under mappings in the plant file. At least one, except with sparkplug. They replace all that were. */
  mappings?: Array<unknown> | null | undefined;
  /** The source's name, which cannot be changed. */
  name: string;
  /** QoS of the subscriptions: with 1 or 2 what is sent while the server is away comes later. */
  qos?: number | null | undefined;
  /** An object as under sparkplug in the plant file, for a source of Sparkplug messages. It replaces all that was; a source with mappings cannot get it. */
  sparkplug?: unknown;
  /** mqtt(s):// or ws(s)://, with user:password@ where the broker asks for it; percent-encoded. As the source shows it, with ***, it stays as it is. */
  url?: string | null | undefined;
};

/** Orders to be made, or changed by their numbers. */
export type UpsertOrdersInput = {
  /** Makes sending it twice harmless. */
  idempotencyKey?: string | null | undefined;
  /** The orders, each number once. */
  orders: Array<OrderInput>;
  /** The system that sends them, such as the ERP system's name; kept with what happens. */
  system?: string | null | undefined;
};

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

export type SendCommandMutationVariables = Exact<{
  input: SendCommandInput;
}>;


export type SendCommandMutation = { sendCommand: { command: { id: string, status: CommandStatus, requestedBy: string, topic: string | null, scheduledAt: string | null, expiresAt: string } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type CancelCommandMutationVariables = Exact<{
  id: string | number;
}>;


export type CancelCommandMutation = { cancelCommand: { command: { status: CommandStatus } | null, userErrors: Array<{ code: UserErrorCode }> } };

export type CommandByIdQueryVariables = Exact<{
  id: string | number;
}>;


export type CommandByIdQuery = { command: { id: string, status: CommandStatus, reason: string | null, result: unknown, sends: number, sentAt: string | null, finishedAt: string | null, provedLateAt: string | null } | null };

export type CommandsOfMachineQueryVariables = Exact<{
  machine: string;
}>;


export type CommandsOfMachineQuery = { machine: { commands: { totalCount: number, edges: Array<{ node: { id: string, name: string, status: CommandStatus } }> } } | null };

export type CommandChangedSubscriptionVariables = Exact<{
  id?: string | number | null | undefined;
  machine?: string | null | undefined;
}>;


export type CommandChangedSubscription = { commandChanged: { id: string, status: CommandStatus, reason: string | null } };

export type SetDesiredMutationVariables = Exact<{
  input: SetDesiredInput;
}>;


export type SetDesiredMutation = { setDesired: { machine: { revision: number, desired: { version: number, status: DesiredStatus | null, metrics: Array<{ metric: string, value: number | string | boolean | null, status: DesiredStatus }> } } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type DesiredOfMachineQueryVariables = Exact<{
  machine: string;
}>;


export type DesiredOfMachineQuery = { machine: { revision: number, connectivity: { status: ConnectivityStatus }, desired: { version: number, status: DesiredStatus | null, metrics: Array<{ metric: string, value: number | string | boolean | null, status: DesiredStatus, reason: string | null, version: number, requestedBy: string, sentAt: string | null, followBy: string | null }> }, metrics: Array<{ name: string, value: number | string | boolean | null, desired: number | string | boolean | null, desiredStatus: DesiredStatus | null, desiredVersion: number | null, desiredAt: string | null, desiredBy: string | null }> } | null };

export type DesiredChangedSubscriptionVariables = Exact<{
  machine?: string | null | undefined;
}>;


export type DesiredChangedSubscription = { desiredChanged: { metric: string, value: number | string | boolean | null, status: DesiredStatus, version: number, machine: { path: string } } };

export type MachineChangedWithDesiredSubscriptionVariables = Exact<{
  path: string;
}>;


export type MachineChangedWithDesiredSubscription = { machineChanged: { kind: MachineEventKind, revision: number, metrics: Array<{ name: string, value: number | string | boolean | null, desired: number | string | boolean | null, desiredStatus: DesiredStatus | null }> } };

export type CreateMaintenanceOrderMutationVariables = Exact<{
  input: CreateMaintenanceOrderInput;
}>;


export type CreateMaintenanceOrderMutation = { createMaintenanceOrder: { maintenanceOrder: { number: string, status: MaintenanceStatus } | null, userErrors: Array<{ code: UserErrorCode }> } };

export type StartMaintenanceMutationVariables = Exact<{
  input: MaintenanceActionInput;
}>;


export type StartMaintenanceMutation = { startMaintenance: { maintenanceOrder: { number: string, status: MaintenanceStatus } | null, userErrors: Array<{ code: UserErrorCode }> } };

export type CompleteMaintenanceMutationVariables = Exact<{
  input: MaintenanceActionInput;
}>;


export type CompleteMaintenanceMutation = { completeMaintenance: { maintenanceOrder: { status: MaintenanceStatus } | null, userErrors: Array<{ code: UserErrorCode }> } };

export type MaintenanceOrderChangedSubscriptionVariables = Exact<{
  under?: string | null | undefined;
}>;


export type MaintenanceOrderChangedSubscription = { maintenanceOrderChanged: { number: string, status: MaintenanceStatus } };

export type UpsertOrdersMutationVariables = Exact<{
  input: UpsertOrdersInput;
}>;


export type UpsertOrdersMutation = { upsertOrders: { results: Array<{ number: string, created: boolean, order: { status: OrderStatus, version: number } | null, userErrors: Array<{ code: UserErrorCode, field: Array<string> | null }> }> } };

export type ReleaseOrderMutationVariables = Exact<{
  input: OrderActionInput;
}>;


export type ReleaseOrderMutation = { releaseOrder: { order: { status: OrderStatus } | null, userErrors: Array<{ code: UserErrorCode }> } };

export type StartOperationMutationVariables = Exact<{
  input: OperationActionInput;
}>;


export type StartOperationMutation = { startOperation: { operation: { status: OperationStatus, machine: { path: string } | null } | null, userErrors: Array<{ code: UserErrorCode, message: string }> } };

export type OrderByNumberQueryVariables = Exact<{
  number: string;
}>;


export type OrderByNumberQuery = { order: { status: OrderStatus, goodQuantity: number, scrapQuantity: number, startedAt: string | null, endedAt: string | null, operations: Array<{ sequence: number, status: OperationStatus, goodQuantity: number }> } | null };

export type OrderChangedSubscriptionVariables = Exact<{
  number: string;
}>;


export type OrderChangedSubscription = { orderChanged: { status: OrderStatus, goodQuantity: number } };

export type SourceFieldsFragment = { name: string, owner: SourceOwner, version: number | null, url: string, qos: number, discovery: SourceDiscovery, inFlight: number, mappings: Array<unknown>, sparkplug: unknown, health: SourceHealth, problem: string | null, mqttVersion: string | null, lagMessages: number, received: number, committed: number, repeated: number, dead: number, missed: number, brokerDropped: number };

export type SourceResultFragment = { source: { name: string, owner: SourceOwner, version: number | null, url: string, qos: number, discovery: SourceDiscovery, inFlight: number, mappings: Array<unknown>, sparkplug: unknown, health: SourceHealth, problem: string | null, mqttVersion: string | null, lagMessages: number, received: number, committed: number, repeated: number, dead: number, missed: number, brokerDropped: number } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> };

export type SourcesQueryVariables = Exact<{ [key: string]: never; }>;


export type SourcesQuery = { sources: Array<{ name: string, owner: SourceOwner, version: number | null, url: string, qos: number, discovery: SourceDiscovery, inFlight: number, mappings: Array<unknown>, sparkplug: unknown, health: SourceHealth, problem: string | null, mqttVersion: string | null, lagMessages: number, received: number, committed: number, repeated: number, dead: number, missed: number, brokerDropped: number }> };

export type SourceByNameQueryVariables = Exact<{
  name: string;
}>;


export type SourceByNameQuery = { source: { name: string, owner: SourceOwner, version: number | null, url: string, qos: number, discovery: SourceDiscovery, inFlight: number, mappings: Array<unknown>, sparkplug: unknown, health: SourceHealth, problem: string | null, mqttVersion: string | null, lagMessages: number, received: number, committed: number, repeated: number, dead: number, missed: number, brokerDropped: number } | null };

export type CreateSourceMutationVariables = Exact<{
  input: CreateSourceInput;
}>;


export type CreateSourceMutation = { createSource: { source: { name: string, owner: SourceOwner, version: number | null, url: string, qos: number, discovery: SourceDiscovery, inFlight: number, mappings: Array<unknown>, sparkplug: unknown, health: SourceHealth, problem: string | null, mqttVersion: string | null, lagMessages: number, received: number, committed: number, repeated: number, dead: number, missed: number, brokerDropped: number } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type UpdateSourceMutationVariables = Exact<{
  input: UpdateSourceInput;
}>;


export type UpdateSourceMutation = { updateSource: { source: { name: string, owner: SourceOwner, version: number | null, url: string, qos: number, discovery: SourceDiscovery, inFlight: number, mappings: Array<unknown>, sparkplug: unknown, health: SourceHealth, problem: string | null, mqttVersion: string | null, lagMessages: number, received: number, committed: number, repeated: number, dead: number, missed: number, brokerDropped: number } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type PauseSourceMutationVariables = Exact<{
  input: SourceActionInput;
}>;


export type PauseSourceMutation = { pauseSource: { source: { name: string, owner: SourceOwner, version: number | null, url: string, qos: number, discovery: SourceDiscovery, inFlight: number, mappings: Array<unknown>, sparkplug: unknown, health: SourceHealth, problem: string | null, mqttVersion: string | null, lagMessages: number, received: number, committed: number, repeated: number, dead: number, missed: number, brokerDropped: number } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type ResumeSourceMutationVariables = Exact<{
  input: SourceActionInput;
}>;


export type ResumeSourceMutation = { resumeSource: { source: { name: string, owner: SourceOwner, version: number | null, url: string, qos: number, discovery: SourceDiscovery, inFlight: number, mappings: Array<unknown>, sparkplug: unknown, health: SourceHealth, problem: string | null, mqttVersion: string | null, lagMessages: number, received: number, committed: number, repeated: number, dead: number, missed: number, brokerDropped: number } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type RemoveSourceMutationVariables = Exact<{
  input: SourceActionInput;
}>;


export type RemoveSourceMutation = { removeSource: { removed: string | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type DeadLettersQueryVariables = Exact<{
  source?: string | null | undefined;
  mapping?: string | null | undefined;
  topicPrefix?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type DeadLettersQuery = { deadLetters: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, edges: Array<{ node: { receivedAt: string, source: string, topic: string, mapping: string | null, reason: string, suggestion: string | null, payload: { size: number, base64: string, text: string | null } } }> } };

export type DeadLetterCountsQueryVariables = Exact<{
  source?: string | null | undefined;
  topicPrefix?: string | null | undefined;
}>;


export type DeadLetterCountsQuery = { deadLetterCounts: Array<{ source: string, reason: string, count: number, lastReceivedAt: string }> };

export type DowntimesAndAlarmsQueryVariables = Exact<{
  from: string;
}>;


export type DowntimesAndAlarmsQuery = { downtimes: { edges: Array<{ node: { id: string, from: string, durationMs: number, category: DowntimeCategory, reason: string | null, classifiedBy: DowntimeClassifiedBy, fault: string | null, microStop: boolean, machine: { path: string } } }> }, alarms: { edges: Array<{ node: { code: string, severity: AlarmSeverity, message: string, active: boolean, acknowledged: boolean, occurrences: number, machine: { path: string } } }> } };

export type LineKpisSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type LineKpisSubscription = { kpiChanged: { oee: number | null, availability: number | null, effectiveness: number | null, qualityRatio: number | null, goodQuantity: number, finality: KpiFinality, shift: { name: string, date: string } | null, losses: Array<{ kind: KpiLossKind, reason: string | null, durationMs: number, share: number | null }> } };

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
export const SourceFieldsFragmentDoc = new TypedDocumentString(`
    fragment SourceFields on Source {
  name
  owner
  version
  url
  qos
  discovery
  inFlight
  mappings
  sparkplug
  health
  problem
  mqttVersion
  lagMessages
  received
  committed
  repeated
  dead
  missed
  brokerDropped
}
    `, {"fragmentName":"SourceFields"}) as unknown as TypedDocumentString<SourceFieldsFragment, unknown>;
export const SourceResultFragmentDoc = new TypedDocumentString(`
    fragment SourceResult on SourcePayload {
  source {
    ...SourceFields
  }
  userErrors {
    code
    message
    field
  }
}
    fragment SourceFields on Source {
  name
  owner
  version
  url
  qos
  discovery
  inFlight
  mappings
  sparkplug
  health
  problem
  mqttVersion
  lagMessages
  received
  committed
  repeated
  dead
  missed
  brokerDropped
}`, {"fragmentName":"SourceResult"}) as unknown as TypedDocumentString<SourceResultFragment, unknown>;
export const SendCommandDocument = new TypedDocumentString(`
    mutation SendCommand($input: SendCommandInput!) {
  sendCommand(input: $input) {
    command {
      id
      status
      requestedBy
      topic
      scheduledAt
      expiresAt
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<SendCommandMutation, SendCommandMutationVariables>;
export const CancelCommandDocument = new TypedDocumentString(`
    mutation CancelCommand($id: ID!) {
  cancelCommand(id: $id) {
    command {
      status
    }
    userErrors {
      code
    }
  }
}
    `) as unknown as TypedDocumentString<CancelCommandMutation, CancelCommandMutationVariables>;
export const CommandByIdDocument = new TypedDocumentString(`
    query CommandById($id: ID!) {
  command(id: $id) {
    id
    status
    reason
    result
    sends
    sentAt
    finishedAt
    provedLateAt
  }
}
    `) as unknown as TypedDocumentString<CommandByIdQuery, CommandByIdQueryVariables>;
export const CommandsOfMachineDocument = new TypedDocumentString(`
    query CommandsOfMachine($machine: EquipmentPath!) {
  machine(path: $machine) {
    commands(last: 10) {
      totalCount
      edges {
        node {
          id
          name
          status
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CommandsOfMachineQuery, CommandsOfMachineQueryVariables>;
export const CommandChangedDocument = new TypedDocumentString(`
    subscription CommandChanged($id: ID, $machine: EquipmentPath) {
  commandChanged(id: $id, machine: $machine) {
    id
    status
    reason
  }
}
    `) as unknown as TypedDocumentString<CommandChangedSubscription, CommandChangedSubscriptionVariables>;
export const SetDesiredDocument = new TypedDocumentString(`
    mutation SetDesired($input: SetDesiredInput!) {
  setDesired(input: $input) {
    machine {
      revision
      desired {
        version
        status
        metrics {
          metric
          value
          status
        }
      }
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<SetDesiredMutation, SetDesiredMutationVariables>;
export const DesiredOfMachineDocument = new TypedDocumentString(`
    query DesiredOfMachine($machine: EquipmentPath!) {
  machine(path: $machine) {
    revision
    connectivity {
      status
    }
    desired {
      version
      status
      metrics {
        metric
        value
        status
        reason
        version
        requestedBy
        sentAt
        followBy
      }
    }
    metrics {
      name
      value
      desired
      desiredStatus
      desiredVersion
      desiredAt
      desiredBy
    }
  }
}
    `) as unknown as TypedDocumentString<DesiredOfMachineQuery, DesiredOfMachineQueryVariables>;
export const DesiredChangedDocument = new TypedDocumentString(`
    subscription DesiredChanged($machine: EquipmentPath) {
  desiredChanged(machine: $machine) {
    machine {
      path
    }
    metric
    value
    status
    version
  }
}
    `) as unknown as TypedDocumentString<DesiredChangedSubscription, DesiredChangedSubscriptionVariables>;
export const MachineChangedWithDesiredDocument = new TypedDocumentString(`
    subscription MachineChangedWithDesired($path: EquipmentPath!) {
  machineChanged(path: $path) {
    kind
    revision
    metrics {
      name
      value
      desired
      desiredStatus
    }
  }
}
    `) as unknown as TypedDocumentString<MachineChangedWithDesiredSubscription, MachineChangedWithDesiredSubscriptionVariables>;
export const CreateMaintenanceOrderDocument = new TypedDocumentString(`
    mutation CreateMaintenanceOrder($input: CreateMaintenanceOrderInput!) {
  createMaintenanceOrder(input: $input) {
    maintenanceOrder {
      number
      status
    }
    userErrors {
      code
    }
  }
}
    `) as unknown as TypedDocumentString<CreateMaintenanceOrderMutation, CreateMaintenanceOrderMutationVariables>;
export const StartMaintenanceDocument = new TypedDocumentString(`
    mutation StartMaintenance($input: MaintenanceActionInput!) {
  startMaintenance(input: $input) {
    maintenanceOrder {
      number
      status
    }
    userErrors {
      code
    }
  }
}
    `) as unknown as TypedDocumentString<StartMaintenanceMutation, StartMaintenanceMutationVariables>;
export const CompleteMaintenanceDocument = new TypedDocumentString(`
    mutation CompleteMaintenance($input: MaintenanceActionInput!) {
  completeMaintenance(input: $input) {
    maintenanceOrder {
      status
    }
    userErrors {
      code
    }
  }
}
    `) as unknown as TypedDocumentString<CompleteMaintenanceMutation, CompleteMaintenanceMutationVariables>;
export const MaintenanceOrderChangedDocument = new TypedDocumentString(`
    subscription MaintenanceOrderChanged($under: EquipmentPath) {
  maintenanceOrderChanged(under: $under) {
    number
    status
  }
}
    `) as unknown as TypedDocumentString<MaintenanceOrderChangedSubscription, MaintenanceOrderChangedSubscriptionVariables>;
export const UpsertOrdersDocument = new TypedDocumentString(`
    mutation UpsertOrders($input: UpsertOrdersInput!) {
  upsertOrders(input: $input) {
    results {
      number
      created
      order {
        status
        version
      }
      userErrors {
        code
        field
      }
    }
  }
}
    `) as unknown as TypedDocumentString<UpsertOrdersMutation, UpsertOrdersMutationVariables>;
export const ReleaseOrderDocument = new TypedDocumentString(`
    mutation ReleaseOrder($input: OrderActionInput!) {
  releaseOrder(input: $input) {
    order {
      status
    }
    userErrors {
      code
    }
  }
}
    `) as unknown as TypedDocumentString<ReleaseOrderMutation, ReleaseOrderMutationVariables>;
export const StartOperationDocument = new TypedDocumentString(`
    mutation StartOperation($input: OperationActionInput!) {
  startOperation(input: $input) {
    operation {
      status
      machine {
        path
      }
    }
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<StartOperationMutation, StartOperationMutationVariables>;
export const OrderByNumberDocument = new TypedDocumentString(`
    query OrderByNumber($number: String!) {
  order(number: $number) {
    status
    goodQuantity
    scrapQuantity
    startedAt
    endedAt
    operations {
      sequence
      status
      goodQuantity
    }
  }
}
    `) as unknown as TypedDocumentString<OrderByNumberQuery, OrderByNumberQueryVariables>;
export const OrderChangedDocument = new TypedDocumentString(`
    subscription OrderChanged($number: String!) {
  orderChanged(number: $number) {
    status
    goodQuantity
  }
}
    `) as unknown as TypedDocumentString<OrderChangedSubscription, OrderChangedSubscriptionVariables>;
export const SourcesDocument = new TypedDocumentString(`
    query Sources {
  sources {
    ...SourceFields
  }
}
    fragment SourceFields on Source {
  name
  owner
  version
  url
  qos
  discovery
  inFlight
  mappings
  sparkplug
  health
  problem
  mqttVersion
  lagMessages
  received
  committed
  repeated
  dead
  missed
  brokerDropped
}`) as unknown as TypedDocumentString<SourcesQuery, SourcesQueryVariables>;
export const SourceByNameDocument = new TypedDocumentString(`
    query SourceByName($name: String!) {
  source(name: $name) {
    ...SourceFields
  }
}
    fragment SourceFields on Source {
  name
  owner
  version
  url
  qos
  discovery
  inFlight
  mappings
  sparkplug
  health
  problem
  mqttVersion
  lagMessages
  received
  committed
  repeated
  dead
  missed
  brokerDropped
}`) as unknown as TypedDocumentString<SourceByNameQuery, SourceByNameQueryVariables>;
export const CreateSourceDocument = new TypedDocumentString(`
    mutation CreateSource($input: CreateSourceInput!) {
  createSource(input: $input) {
    ...SourceResult
  }
}
    fragment SourceFields on Source {
  name
  owner
  version
  url
  qos
  discovery
  inFlight
  mappings
  sparkplug
  health
  problem
  mqttVersion
  lagMessages
  received
  committed
  repeated
  dead
  missed
  brokerDropped
}
fragment SourceResult on SourcePayload {
  source {
    ...SourceFields
  }
  userErrors {
    code
    message
    field
  }
}`) as unknown as TypedDocumentString<CreateSourceMutation, CreateSourceMutationVariables>;
export const UpdateSourceDocument = new TypedDocumentString(`
    mutation UpdateSource($input: UpdateSourceInput!) {
  updateSource(input: $input) {
    ...SourceResult
  }
}
    fragment SourceFields on Source {
  name
  owner
  version
  url
  qos
  discovery
  inFlight
  mappings
  sparkplug
  health
  problem
  mqttVersion
  lagMessages
  received
  committed
  repeated
  dead
  missed
  brokerDropped
}
fragment SourceResult on SourcePayload {
  source {
    ...SourceFields
  }
  userErrors {
    code
    message
    field
  }
}`) as unknown as TypedDocumentString<UpdateSourceMutation, UpdateSourceMutationVariables>;
export const PauseSourceDocument = new TypedDocumentString(`
    mutation PauseSource($input: SourceActionInput!) {
  pauseSource(input: $input) {
    ...SourceResult
  }
}
    fragment SourceFields on Source {
  name
  owner
  version
  url
  qos
  discovery
  inFlight
  mappings
  sparkplug
  health
  problem
  mqttVersion
  lagMessages
  received
  committed
  repeated
  dead
  missed
  brokerDropped
}
fragment SourceResult on SourcePayload {
  source {
    ...SourceFields
  }
  userErrors {
    code
    message
    field
  }
}`) as unknown as TypedDocumentString<PauseSourceMutation, PauseSourceMutationVariables>;
export const ResumeSourceDocument = new TypedDocumentString(`
    mutation ResumeSource($input: SourceActionInput!) {
  resumeSource(input: $input) {
    ...SourceResult
  }
}
    fragment SourceFields on Source {
  name
  owner
  version
  url
  qos
  discovery
  inFlight
  mappings
  sparkplug
  health
  problem
  mqttVersion
  lagMessages
  received
  committed
  repeated
  dead
  missed
  brokerDropped
}
fragment SourceResult on SourcePayload {
  source {
    ...SourceFields
  }
  userErrors {
    code
    message
    field
  }
}`) as unknown as TypedDocumentString<ResumeSourceMutation, ResumeSourceMutationVariables>;
export const RemoveSourceDocument = new TypedDocumentString(`
    mutation RemoveSource($input: SourceActionInput!) {
  removeSource(input: $input) {
    removed
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RemoveSourceMutation, RemoveSourceMutationVariables>;
export const DeadLettersDocument = new TypedDocumentString(`
    query DeadLetters($source: String, $mapping: String, $topicPrefix: String, $first: Int, $after: String, $last: Int, $before: String) {
  deadLetters(
    source: $source
    mapping: $mapping
    topicPrefix: $topicPrefix
    first: $first
    after: $after
    last: $last
    before: $before
  ) {
    totalCount
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
    edges {
      node {
        receivedAt
        source
        topic
        mapping
        reason
        suggestion
        payload {
          size
          base64
          text
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<DeadLettersQuery, DeadLettersQueryVariables>;
export const DeadLetterCountsDocument = new TypedDocumentString(`
    query DeadLetterCounts($source: String, $topicPrefix: String) {
  deadLetterCounts(source: $source, topicPrefix: $topicPrefix) {
    source
    reason
    count
    lastReceivedAt
  }
}
    `) as unknown as TypedDocumentString<DeadLetterCountsQuery, DeadLetterCountsQueryVariables>;
export const DowntimesAndAlarmsDocument = new TypedDocumentString(`
    query DowntimesAndAlarms($from: DateTime!) {
  downtimes(from: $from, first: 20) {
    edges {
      node {
        id
        machine {
          path
        }
        from
        durationMs
        category
        reason
        classifiedBy
        fault
        microStop
      }
    }
  }
  alarms(active: null, first: 20) {
    edges {
      node {
        machine {
          path
        }
        code
        severity
        message
        active
        acknowledged
        occurrences
      }
    }
  }
}
    `) as unknown as TypedDocumentString<DowntimesAndAlarmsQuery, DowntimesAndAlarmsQueryVariables>;
export const LineKpisDocument = new TypedDocumentString(`
    subscription LineKpis {
  kpiChanged(path: "acme/berlin/bottling/line-1") {
    shift {
      name
      date
    }
    oee
    availability
    effectiveness
    qualityRatio
    goodQuantity
    finality
    losses {
      kind
      reason
      durationMs
      share
    }
  }
}
    `) as unknown as TypedDocumentString<LineKpisSubscription, LineKpisSubscriptionVariables>;
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