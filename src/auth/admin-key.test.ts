import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AdminKey } from "./admin-key.js";
import { Authenticator } from "./authenticator.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mes-twin-key-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the admin key", () => {
  test("is made once, for the server's user only, and told once", async () => {
    const { admin, newKey } = await AdminKey.load(path.join(folder, "data"));
    expect(newKey).toMatch(/^[\w-]{32}$/);
    expect((await readFile(admin.file, "utf8")).trim()).toBe(newKey);
    expect((await stat(admin.file)).mode & 0o777).toBe(0o600);
    const again = await AdminKey.load(path.join(folder, "data"));
    expect(again.newKey).toBeNull();
    expect(again.admin.fits(newKey ?? "")).toBe(true);
  });

  test("fits itself and nothing else", async () => {
    await writeFile(path.join(folder, "admin.key"), "secret\n");
    const { admin } = await AdminKey.load(folder);
    expect(
      ["secret", "secre", "secret ", "", "SECRET", "x".repeat(1e6)].map((key) => admin.fits(key)),
    ).toEqual([true, false, false, false, false, false]);
  });

  test("that others may read is made the user's own again", async () => {
    const file = path.join(folder, "admin.key");
    await writeFile(file, "secret");
    await chmod(file, 0o644);
    await AdminKey.load(folder);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("that is empty does not let everybody in", async () => {
    await writeFile(path.join(folder, "admin.key"), "\n");
    await expect(AdminKey.load(folder)).rejects.toThrow("admin.key is empty");
  });

  test("is one, also when two servers start at once", async () => {
    const both = await Promise.allSettled([AdminKey.load(folder), AdminKey.load(folder)]);
    const kept = (await readFile(path.join(folder, "admin.key"), "utf8")).trim();
    const made = both.flatMap((one) => (one.status === "fulfilled" ? (one.value.newKey ?? []) : []));
    expect(made).toEqual([kept]);
  });
});

describe("the caller", () => {
  test.each<[unknown, string | null]>([
    ["Bearer secret", "admin"],
    ["bearer secret", "admin"],
    ["Bearer  secret", null],
    ["Bearer secret x", null],
    ["Bearer wrong", null],
    ["Bearer ", null],
    ["Basic secret", null],
    ["secret", null],
    ["", null],
    [undefined, null],
    [null, null],
    [["Bearer secret"], null],
    [{ toString: () => "Bearer secret" }, null],
  ])("who brings %j is %s", async (authorization, name) => {
    await writeFile(path.join(folder, "admin.key"), "secret");
    const { admin } = await AdminKey.load(folder);
    expect(new Authenticator(admin).callerOf(authorization)?.name ?? null).toBe(name);
  });

  test("is anybody without a key to check", () => {
    expect(new Authenticator(null).callerOf(undefined)).toEqual({ name: "anonymous" });
  });
});
