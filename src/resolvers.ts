import { NodeResolver } from "./graphql/node.resolver.js";
import type { ResolverClass } from "./graphql/schema.js";
import { HistoryResolver } from "./history/history.resolver.js";
import { PreviewResolver } from "./ingest/preview.resolver.js";
import { PlantResolver } from "./plant/plant.resolver.js";
import { GroupMachinesResolver } from "./twin/group.resolver.js";
import { TwinResolver } from "./twin/twin.resolver.js";

/** Every resolver class of the schema. */
export const resolverClasses: readonly ResolverClass[] = [
  NodeResolver,
  PlantResolver,
  TwinResolver,
  GroupMachinesResolver,
  HistoryResolver,
  PreviewResolver,
];
