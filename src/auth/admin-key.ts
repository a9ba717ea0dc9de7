import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, mkdir, open, readFile } from "node:fs/promises";
import path from "node:path";

const FILE = "admin.key";

/**
 * The key that lets in whoever holds it. It is made at the first start and kept in DATA_DIR, readable by the
 * server's user only.
 */
export class AdminKey {
  readonly file: string;
  readonly #hash: Buffer;

  private constructor(file: string, key: string) {
    this.file = file;
    this.#hash = hashed(key);
  }

  /** @returns the key's check, and the key itself only when it was made just now. */
  static async load(dataDir: string): Promise<{ admin: AdminKey; newKey: string | null }> {
    const file = path.resolve(dataDir, FILE);
    await mkdir(path.dirname(file), { recursive: true });
    const made = randomBytes(24).toString("base64url");
    try {
      const handle = await open(file, "wx", 0o600);
      await handle.writeFile(`${made}\n`);
      await handle.close();
      return { admin: new AdminKey(file, made), newKey: made };
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
    }
    const known = (await readFile(file, "utf8")).trim();
    if (known === "") throw new Error(`${file} is empty: delete it, and the next start makes a new key`);
    await chmod(file, 0o600);
    return { admin: new AdminKey(file, known), newKey: null };
  }

  /** Whether this is the key, in a time that tells nothing about it. */
  fits(key: string): boolean {
    return timingSafeEqual(hashed(key), this.#hash);
  }
}

function hashed(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
