import downtimesAndAlarms from "./examples/downtimes-and-alarms.graphql?raw";
import lineKpis from "./examples/line-kpis.graphql?raw";
import machineChanged from "./examples/machine-changed.graphql?raw";
import machineWithHistory from "./examples/machine-with-history.graphql?raw";
import machinesOverview from "./examples/machines-overview.graphql?raw";
import maintenanceOrder from "./examples/maintenance-order.graphql?raw";
import setSpeed from "./examples/set-speed.graphql?raw";
import startOrder from "./examples/start-order.graphql?raw";
import telemetryReceived from "./examples/telemetry-received.graphql?raw";

const FILLER = "acme/berlin/bottling/line-1/filler-1";
const HISTORY_MS = 15 * 60_000;

interface ExampleTab {
  query: string;
  variables?: string;
}

/** Operations against the demo plant, ready to run: the tabs of a browser that opens GraphiQL for the first time. */
export function exampleTabs(now: Date): ExampleTab[] {
  const from = new Date(now.getTime() - HISTORY_MS).toISOString();
  return [
    { query: machinesOverview },
    {
      query: machineWithHistory,
      variables: json({ path: FILLER, from, metrics: ["temperature", "pressure"] }),
    },
    { query: machineChanged },
    { query: telemetryReceived },
    { query: setSpeed },
    { query: startOrder, variables: json({ number: "DEMO-1", machine: FILLER }) },
    { query: lineKpis },
    { query: downtimesAndAlarms, variables: json({ from }) },
    { query: maintenanceOrder },
  ];
}

function json(variables: Record<string, unknown>): string {
  return JSON.stringify(variables, null, 2);
}
