/**
 * Seals everything that a server's history holds, which then is as small as it gets. Only while no server runs.
 * @throws until the history can be sealed from outside of a server.
 */
export async function sealNow(_databaseUrl: string): Promise<void> {
  throw new Error("not there yet: the history cannot be sealed from outside of a server");
}
