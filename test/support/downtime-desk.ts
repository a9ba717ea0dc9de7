import type { DowntimePlant } from "./downtime-plant.js";

const MINUTE = 60_000;

export interface DowntimeRow {
  readonly id: string;
  readonly from: string;
  readonly to: string | null;
  readonly category: string;
  readonly reason: string | null;
}

interface Payload {
  readonly downtime: (DowntimeRow & { readonly classifiedBy: string }) | null;
  readonly downtimes: readonly DowntimeRow[];
  readonly userErrors: readonly { code: string; field: string[]; message: string }[];
}

const FIELDS = "id from to category reason";

/** What operators see and say of downtimes; times of stories are minutes since `start`. */
export function downtimeDesk(plant: () => DowntimePlant, start: number) {
  const ms = (minutes: number) => start + minutes * MINUTE;
  const at = (minutes: number) => new Date(ms(minutes)).toISOString();

  /** The downtimes of a machine since just before the start. */
  async function list(path: string): Promise<DowntimeRow[]> {
    const answer = await plant().ask(
      `query ($path: EquipmentPath!, $from: DateTime!) {
         machine(path: $path) { downtimes(from: $from) { edges { node { ${FIELDS} } } } } }`,
      { path, from: at(-1) },
    );
    const { edges } = (answer.machine as { downtimes: { edges: { node: DowntimeRow }[] } }).downtimes;
    return edges.map(({ node }) => node);
  }

  async function mutate(name: string, type: string, input: object): Promise<Payload> {
    const answer = await plant().ask(
      `mutation ($input: ${type}!) { ${name}(input: $input) {
         downtime { ${FIELDS} classifiedBy } downtimes { ${FIELDS} } userErrors { code field message } } }`,
      { input },
    );
    return answer[name] as Payload;
  }

  return {
    ms,
    at,
    list,
    /** From, to, category and reason of each. */
    async brief(path: string) {
      const minutes = (time: string | null) => (time === null ? null : (Date.parse(time) - start) / MINUTE);
      return (await list(path)).map(({ from, to, category, reason }) => [
        minutes(from),
        minutes(to),
        category,
        reason,
      ]);
    },
    async idAt(path: string, index: number): Promise<string> {
      return (await list(path))[index]?.id ?? "";
    },
    classify: (input: object) => mutate("classifyDowntime", "ClassifyDowntimeInput", input),
    split: (input: object) => mutate("splitDowntime", "SplitDowntimeInput", input),
    merge: (ids: (string | undefined)[]) => mutate("mergeDowntimes", "MergeDowntimesInput", { ids }),
  };
}
