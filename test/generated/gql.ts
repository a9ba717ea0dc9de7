/* eslint-disable */
import * as types from './graphql.js';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "subscription MachineChanged {\n  machineChanged(path: \"acme/berlin/bottling/line-1/filler-1\") {\n    kind\n    revision\n    cursor\n    metrics {\n      name\n      value\n      unit\n      sourceTime\n    }\n  }\n}": typeof types.MachineChangedDocument,
    "query MachineWithHistory($path: EquipmentPath!, $from: DateTime!, $metrics: [String!]!) {\n  machine(path: $path) {\n    name\n    revision\n    state\n    metrics {\n      name\n      value\n      unit\n      quality\n      stale\n      sourceTime\n    }\n    history(metrics: $metrics, from: $from, points: 60) {\n      metric\n      unit\n      points {\n        time\n        value\n        min\n        max\n      }\n    }\n  }\n}": typeof types.MachineWithHistoryDocument,
    "query MachinesOverview {\n  machines(first: 50) {\n    totalCount\n    edges {\n      node {\n        path\n        name\n        machineType {\n          name\n        }\n        connectivity {\n          status\n          lastSeen\n        }\n        mode\n        state\n        stateSince\n        activeOperation {\n          name\n          order {\n            number\n            product\n          }\n        }\n      }\n    }\n  }\n}": typeof types.MachinesOverviewDocument,
    "mutation PlanMaintenance {\n  createMaintenanceOrder(\n    input: {machine: \"acme/berlin/bottling/line-1/filler-1\", kind: PREVENTIVE, title: \"Replace the filler valve seals\", lockout: true}\n  ) {\n    maintenanceOrder {\n      number\n      status\n      lockout\n      version\n      machine {\n        path\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.PlanMaintenanceDocument,
    "mutation SetSpeed {\n  sendCommand(\n    input: {machine: \"acme/berlin/bottling/line-1/filler-1\", name: \"setSpeed\", arguments: {speed: 240}}\n  ) {\n    command {\n      id\n      status\n      reason\n      topic\n      queuedAt\n      expiresAt\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": typeof types.SetSpeedDocument,
    "mutation StartOrder($number: String!, $machine: EquipmentPath!) {\n  upsertOrders(\n    input: {orders: [{number: $number, product: \"Lemonade 0.5 l\", quantity: 1000, operations: [{sequence: 10, name: \"Filling\", machine: $machine, idealCycleTimeMs: 200}]}]}\n  ) {\n    results {\n      number\n      created\n      userErrors {\n        code\n        message\n      }\n    }\n  }\n  releaseOrder(input: {number: $number}) {\n    order {\n      status\n      version\n    }\n    userErrors {\n      code\n      message\n    }\n  }\n  startOperation(input: {order: $number, sequence: 10}) {\n    operation {\n      name\n      status\n      startedAt\n      goodQuantity\n      machine {\n        path\n        state\n      }\n    }\n    userErrors {\n      code\n      message\n    }\n  }\n}": typeof types.StartOrderDocument,
    "subscription TelemetryReceived {\n  telemetryReceived(topic: \"acme/+/bottling/#\", maxRateHz: 2) {\n    topic\n    value\n    quality\n    sourceTime\n  }\n}": typeof types.TelemetryReceivedDocument,
};
const documents: Documents = {
    "subscription MachineChanged {\n  machineChanged(path: \"acme/berlin/bottling/line-1/filler-1\") {\n    kind\n    revision\n    cursor\n    metrics {\n      name\n      value\n      unit\n      sourceTime\n    }\n  }\n}": types.MachineChangedDocument,
    "query MachineWithHistory($path: EquipmentPath!, $from: DateTime!, $metrics: [String!]!) {\n  machine(path: $path) {\n    name\n    revision\n    state\n    metrics {\n      name\n      value\n      unit\n      quality\n      stale\n      sourceTime\n    }\n    history(metrics: $metrics, from: $from, points: 60) {\n      metric\n      unit\n      points {\n        time\n        value\n        min\n        max\n      }\n    }\n  }\n}": types.MachineWithHistoryDocument,
    "query MachinesOverview {\n  machines(first: 50) {\n    totalCount\n    edges {\n      node {\n        path\n        name\n        machineType {\n          name\n        }\n        connectivity {\n          status\n          lastSeen\n        }\n        mode\n        state\n        stateSince\n        activeOperation {\n          name\n          order {\n            number\n            product\n          }\n        }\n      }\n    }\n  }\n}": types.MachinesOverviewDocument,
    "mutation PlanMaintenance {\n  createMaintenanceOrder(\n    input: {machine: \"acme/berlin/bottling/line-1/filler-1\", kind: PREVENTIVE, title: \"Replace the filler valve seals\", lockout: true}\n  ) {\n    maintenanceOrder {\n      number\n      status\n      lockout\n      version\n      machine {\n        path\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.PlanMaintenanceDocument,
    "mutation SetSpeed {\n  sendCommand(\n    input: {machine: \"acme/berlin/bottling/line-1/filler-1\", name: \"setSpeed\", arguments: {speed: 240}}\n  ) {\n    command {\n      id\n      status\n      reason\n      topic\n      queuedAt\n      expiresAt\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}": types.SetSpeedDocument,
    "mutation StartOrder($number: String!, $machine: EquipmentPath!) {\n  upsertOrders(\n    input: {orders: [{number: $number, product: \"Lemonade 0.5 l\", quantity: 1000, operations: [{sequence: 10, name: \"Filling\", machine: $machine, idealCycleTimeMs: 200}]}]}\n  ) {\n    results {\n      number\n      created\n      userErrors {\n        code\n        message\n      }\n    }\n  }\n  releaseOrder(input: {number: $number}) {\n    order {\n      status\n      version\n    }\n    userErrors {\n      code\n      message\n    }\n  }\n  startOperation(input: {order: $number, sequence: 10}) {\n    operation {\n      name\n      status\n      startedAt\n      goodQuantity\n      machine {\n        path\n        state\n      }\n    }\n    userErrors {\n      code\n      message\n    }\n  }\n}": types.StartOrderDocument,
    "subscription TelemetryReceived {\n  telemetryReceived(topic: \"acme/+/bottling/#\", maxRateHz: 2) {\n    topic\n    value\n    quality\n    sourceTime\n  }\n}": types.TelemetryReceivedDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription MachineChanged {\n  machineChanged(path: \"acme/berlin/bottling/line-1/filler-1\") {\n    kind\n    revision\n    cursor\n    metrics {\n      name\n      value\n      unit\n      sourceTime\n    }\n  }\n}"): typeof import('./graphql.js').MachineChangedDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query MachineWithHistory($path: EquipmentPath!, $from: DateTime!, $metrics: [String!]!) {\n  machine(path: $path) {\n    name\n    revision\n    state\n    metrics {\n      name\n      value\n      unit\n      quality\n      stale\n      sourceTime\n    }\n    history(metrics: $metrics, from: $from, points: 60) {\n      metric\n      unit\n      points {\n        time\n        value\n        min\n        max\n      }\n    }\n  }\n}"): typeof import('./graphql.js').MachineWithHistoryDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query MachinesOverview {\n  machines(first: 50) {\n    totalCount\n    edges {\n      node {\n        path\n        name\n        machineType {\n          name\n        }\n        connectivity {\n          status\n          lastSeen\n        }\n        mode\n        state\n        stateSince\n        activeOperation {\n          name\n          order {\n            number\n            product\n          }\n        }\n      }\n    }\n  }\n}"): typeof import('./graphql.js').MachinesOverviewDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation PlanMaintenance {\n  createMaintenanceOrder(\n    input: {machine: \"acme/berlin/bottling/line-1/filler-1\", kind: PREVENTIVE, title: \"Replace the filler valve seals\", lockout: true}\n  ) {\n    maintenanceOrder {\n      number\n      status\n      lockout\n      version\n      machine {\n        path\n      }\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.js').PlanMaintenanceDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation SetSpeed {\n  sendCommand(\n    input: {machine: \"acme/berlin/bottling/line-1/filler-1\", name: \"setSpeed\", arguments: {speed: 240}}\n  ) {\n    command {\n      id\n      status\n      reason\n      topic\n      queuedAt\n      expiresAt\n    }\n    userErrors {\n      code\n      message\n      field\n    }\n  }\n}"): typeof import('./graphql.js').SetSpeedDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation StartOrder($number: String!, $machine: EquipmentPath!) {\n  upsertOrders(\n    input: {orders: [{number: $number, product: \"Lemonade 0.5 l\", quantity: 1000, operations: [{sequence: 10, name: \"Filling\", machine: $machine, idealCycleTimeMs: 200}]}]}\n  ) {\n    results {\n      number\n      created\n      userErrors {\n        code\n        message\n      }\n    }\n  }\n  releaseOrder(input: {number: $number}) {\n    order {\n      status\n      version\n    }\n    userErrors {\n      code\n      message\n    }\n  }\n  startOperation(input: {order: $number, sequence: 10}) {\n    operation {\n      name\n      status\n      startedAt\n      goodQuantity\n      machine {\n        path\n        state\n      }\n    }\n    userErrors {\n      code\n      message\n    }\n  }\n}"): typeof import('./graphql.js').StartOrderDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription TelemetryReceived {\n  telemetryReceived(topic: \"acme/+/bottling/#\", maxRateHz: 2) {\n    topic\n    value\n    quality\n    sourceTime\n  }\n}"): typeof import('./graphql.js').TelemetryReceivedDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
