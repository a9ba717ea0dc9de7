import { isDeepStrictEqual } from "node:util";
import { storableJson } from "../commands/storable-json.js";
import type { Database, Tx } from "../db/database.js";
import { once } from "../db/idempotency.js";
import type { Logger } from "../kernel/logger.js";
import { err, ok, type Result } from "../kernel/result.js";
import { keyProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { Consumer } from "./consumer.js";
import type { SourceService } from "./source.service.js";
import type { SourceConfigStore, StoredSource } from "./source-config.store.js";
import { compileDefinition, describeProblem, LONGEST_NAME } from "./source-definition.js";
import type { SourceSessionStore } from "./source-session.store.js";
import { sameBroker, shownUrl } from "./source-setup.js";

/** Who asks, and the key that makes asking twice harmless. */
export interface Caller {
  readonly principal: string;
  readonly idempotencyKey: string | null;
}

/** Settings as the plant file writes them; what is left out takes its default, or stays as it was. */
export interface SourceSettings {
  readonly url?: string;
  readonly qos?: number;
  readonly discovery?: string;
  readonly inFlight?: number;
  readonly mappings?: readonly unknown[];
  readonly sparkplug?: unknown;
}

/** What became of a request. */
export interface SourceOutcome {
  /** The source's name; null when nothing was done. */
  readonly name: string | null;
  readonly userErrors: readonly UserErrorValue[];
}

export interface SourceResult extends SourceOutcome {
  /** Null where there is none, or none any more. */
  readonly source: Consumer | null;
}

/** A definition as it is stored: an object that the schema of sources has taken. */
type Definition = SourceSettings & { readonly name: string; readonly url: string };

/** Makes, changes, pauses and removes sources while the server runs. */
export class SourceAdminService {
  readonly #db: Database;
  readonly #configs: SourceConfigStore;
  readonly #sessions: SourceSessionStore;
  readonly #sources: SourceService;
  readonly #logger: Logger;

  constructor(deps: {
    db: Database;
    configs: SourceConfigStore;
    sessions: SourceSessionStore;
    sources: SourceService;
    logger: Logger;
  }) {
    this.#db = deps.db;
    this.#configs = deps.configs;
    this.#sessions = deps.sessions;
    this.#sources = deps.sources;
    this.#logger = deps.logger;
  }

  /** Makes a source, which is consumed from now on unless it is paused. */
  create(caller: Caller, name: string, settings: SourceSettings, paused: boolean): Promise<SourceResult> {
    return this.#run(caller, "createSource", { name, settings, paused }, async (tx) => {
      const checked = checkedDefinition({ name, ...settings });
      if (!checked.ok) return { name: null, userErrors: checked.error };
      const definition = checked.value;
      const exists = refused("INVALID_INPUT", `there is a source ${definition.name} already`, "name");
      if (this.#sources.inPlantFile(definition.name)) return exists;
      const session = await this.#sessions.nextNumber(tx, definition.name);
      const made = await this.#configs.insert(tx, { name: definition.name, definition, paused, session });
      return made ? done(definition.name) : exists;
    });
  }

  /**
   * Changes settings; those left out stay. A source that goes to another broker gets another session there, and the one
   * at the broker before is ended once what waits in it was taken.
   */
  update(
    caller: Caller,
    name: string,
    settings: SourceSettings,
    expectedVersion: number | null,
  ): Promise<SourceResult> {
    const input = { name, settings, expectedVersion };
    return this.#run(caller, "updateSource", input, async (tx) => {
      const row = await this.#lock(tx, name);
      if (!row || row.definition === null) return this.#notOurs(name, "change it");
      if (expectedVersion !== null && expectedVersion !== row.version) {
        const message = `the source is at version ${row.version}, not ${expectedVersion}`;
        return refused("VERSION_CONFLICT", message, "expectedVersion");
      }
      const before = row.definition as Definition;
      const checked = checkedDefinition({ ...before, ...keepingSecrets(settings, before) });
      if (!checked.ok) return { name: null, userErrors: checked.error };
      const after = checked.value;
      if (isDeepStrictEqual(before, after)) return done(name);
      if ((before.sparkplug === undefined) !== (after.sparkplug === undefined))
        return refused("INVALID_INPUT", "sparkplug: a source keeps its kind: make another one", "sparkplug");
      let { session } = row;
      if (!sameBroker(before.url, after.url)) {
        await this.#leave(tx, before, session, true);
        session = await this.#sessions.nextNumber(tx, name);
      }
      await this.#configs.update(tx, { name, definition: after, session });
      return done(name);
    });
  }

  /**
   * Pauses a source, or resumes it. While it is paused the broker keeps what comes, as far as its queue goes. Idempotent.
   */
  setPaused(caller: Caller, name: string, paused: boolean): Promise<SourceResult> {
    return this.#run(caller, paused ? "pauseSource" : "resumeSource", { name }, async (tx) => {
      const row = await this.#lock(tx, name);
      if (!this.#sources.inPlantFile(name) && (!row || row.definition === null)) return notFound(name);
      await this.#configs.pause(tx, name, paused);
      return done(name);
    });
  }

  /**
   * Removes a source and ends its session at the broker, with what waits in it. Its machines and their history stay.
   */
  remove(caller: Caller, name: string): Promise<SourceResult> {
    return this.#run(caller, "removeSource", { name }, async (tx) => {
      const row = await this.#lock(tx, name);
      if (!row || row.definition === null) return this.#notOurs(name, "remove it");
      await this.#leave(tx, row.definition as Definition, row.session, false);
      await this.#sessions.dropWaiting(tx, name);
      await this.#configs.remove(tx, name);
      return done(name);
    });
  }

  /** What cannot be a key must not be looked for either. */
  async #lock(tx: Tx, name: string): Promise<StoredSource | null> {
    return keyProblem(name, LONGEST_NAME) === null ? this.#configs.lock(tx, name) : null;
  }

  async #leave(tx: Tx, definition: Definition, session: number, drain: boolean): Promise<void> {
    const { name } = definition;
    // A Sparkplug host has a session only while it is connected.
    if (definition.sparkplug !== undefined) return;
    const clientId = this.#sources.clientId(name, session);
    await this.#sessions.leave(tx, { clientId, source: name, number: session, definition, drain });
  }

  #notOurs(name: string, verb: string): SourceOutcome {
    if (!this.#sources.inPlantFile(name)) return notFound(name);
    return refused(
      "PRECONDITION_FAILED",
      `the plant file owns the source ${name}: ${verb} there, and restart the server`,
      "name",
    );
  }

  async #run(
    caller: Caller,
    operation: string,
    input: unknown,
    work: (tx: Tx) => Promise<SourceOutcome>,
  ): Promise<SourceResult> {
    const call = { principal: caller.principal, key: caller.idempotencyKey, operation, input };
    const outcome = await this.#db.transaction((tx) => once(tx, call, () => work(tx)));
    if ("refused" in outcome) return { source: null, name: null, userErrors: [outcome.refused] };
    const { name, userErrors } = outcome.payload;
    if (name === null) return { source: null, name, userErrors };
    if (!outcome.replayed) this.#logger.info({ source: name, by: caller.principal }, operation);
    await this.#sources.follow();
    return { source: this.#sources.byName(name) ?? null, name, userErrors };
  }
}

/** A URL that is written as it is shown is the one that is known, with its password. */
function keepingSecrets(settings: SourceSettings, { url }: Definition): SourceSettings {
  return settings.url === shownUrl(url) ? { ...settings, url } : settings;
}

/** A definition fit to be stored; or what is wrong with it, each with its field, such as `mappings[0].topic`. */
function checkedDefinition(definition: object): Result<Definition, UserErrorValue[]> {
  const compiled = compileDefinition(definition);
  if (!compiled.ok) {
    const errors = compiled.error.map((problem) => {
      const field = problem.path.map(String);
      return userError("INVALID_INPUT", describeProblem(problem), field.length > 0 ? field : null);
    });
    return err(errors);
  }
  const { name, url } = compiled.value.config;
  const written: unknown = JSON.parse(JSON.stringify({ ...definition, name, url }));
  const storable = storableJson(written);
  if (!storable.ok) return err([userError("INVALID_INPUT", storable.error)]);
  if (isDeepStrictEqual(storable.value, written)) return ok(written as Definition);
  return err([userError("INVALID_INPUT", "a text holds a character that cannot be stored")]);
}

function done(name: string): SourceOutcome {
  return { name, userErrors: [] };
}

function notFound(name: string): SourceOutcome {
  return refused("NOT_FOUND", `there is no source ${name}`, "name");
}

function refused(code: UserErrorValue["code"], message: string, field: string): SourceOutcome {
  return { name: null, userErrors: [userError(code, message, [field])] };
}
