/**
 * The same log, applied twice: in batches of one, and in others with restarts between. Every row of every table must be the same, but for
 * those tables that are known to hold something else than the log.
 */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { type ChangeMethod, type ChangeRecord, changeRecord } from "../../src/core/change-record.ts";
import type { SequencedEvent } from "../../src/core/event.ts";
import { parseDefinition } from "../support/definition.ts";
import { batchOf, event, openStore, type TestStore } from "../support/store.ts";

type Entry = SequencedEvent | { readonly seq: number; readonly change: ChangeRecord };

/**
 * Not of the log: the lease on the database, where the sequence began at each start, when the schema was made, and the random origin that
 * each database gives its incidents.
 */
const ofThisDatabase = new Set(["lease", "gaps", "migrations", "alert_cursor"]);

/** Of the last batch, for the transaction that follows it. No answer has them. */
const ofTheBatch = new Set(["positions.continues_from", "messages.alias"]);

const by = { action: "test", who: "key:a", name: "a", address: "127.0.0.1", protocol: "rest" };
const lifecycle = (grace: number) =>
  parseDefinition({
    stages: [{ event: "A" }, { event: "B", within: `${grace + 1}s` }],
    complete_on: ["B"],
  });
const rule = {
  ...{ appId: "a", kinds: ["missing"], windowMs: 60_000, repeatMs: 60_000, growFactor: 2, growAtLeast: 1 },
  ...{ growAfterMs: 0, sinks: ["a"] },
};

/** The state of a database: a hash of the rows of each table, in an order that they have by themselves. */
function hashesOf({ url }: TestStore): Record<string, string> {
  const database = new Database(url.slice("file:".length), { readonly: true });
  const tables = database
    .query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .values()
    .map(([name]) => String(name))
    .filter((name) => !ofThisDatabase.has(name));
  const hashes = tables.map((table) => {
    const rows = database
      .query<object, []>(`SELECT * FROM "${table}"`)
      .all()
      .map((row) => {
        const kept = Object.entries(row).filter(([column]) => !ofTheBatch.has(`${table}.${column}`));
        return JSON.stringify(kept);
      });
    const hash = createHash("sha256").update(rows.sort().join("\n")).digest("hex");
    return [table, `${rows.length} rows, ${hash.slice(0, 16)}`];
  });
  database.close();
  return Object.fromEntries(hashes);
}

/** @param ends after how many entries a batch ends, and whether a restart follows */
async function apply(
  log: readonly Entry[],
  ends: (at: number) => { readonly end: boolean; readonly restart: boolean },
) {
  const opened = await openStore();
  let store = opened.store;
  let batch: SequencedEvent[] = [];
  let from = 0;
  const flush = async () => {
    if (batch.length === 0) return;
    await store.apply({ ...(await batchOf(batch)), from });
    from = batch.at(-1)!.seq;
    batch = [];
  };
  for (const [at, entry] of log.entries()) {
    if ("change" in entry) {
      await flush();
      const step = { from, to: entry.seq, change: entry.change };
      await store.applyChange(step).catch(() => store.skipChange(step));
      from = entry.seq;
    } else batch.push(entry);
    const { end, restart } = ends(at);
    if (end) await flush();
    if (end && restart) store = await opened.restart();
  }
  await flush();
  return opened;
}

const name = fc.constantFrom("a", "b", "c");
const changes: fc.Arbitrary<readonly [ChangeMethod, ...unknown[]]>[] = [
  fc
    .tuple(name, fc.nat(3))
    .map(([app, grace]) => ["putLifecycle", app, lifecycle(grace), undefined, by] as const),
  name.map((app) => ["putLifecycle", app, undefined, undefined, by] as const),
  fc.tuple(name, fc.nat(2)).map(([id, n]) => ["putAlertRule", { ...rule, id, atLeast: n + 1 }, by] as const),
  name.map((id) => ["deleteAlertRule", id, by] as const),
  fc
    .tuple(name, fc.nat(2))
    .map(
      ([id, n]) =>
        ["putAlertSink", { id, type: "webhook", url: `https://h${n}.example`, secrets: [] }, by] as const,
    ),
  name.map((id) => ["deleteAlertSink", id, by] as const),
  fc
    .tuple(fc.option(name, { nil: undefined }), fc.nat(5))
    .map(
      ([named, until]) =>
        ["addAlertSilence", { appId: "a", until, createdAt: 3, ...(named && { name: named }) }, by] as const,
    ),
  fc.nat(5).map((id) => ["deleteAlertSilence", id, by] as const),
  name.map(
    (id) =>
      [
        "putKeys",
        [
          {
            id,
            hash: id,
            shown: id,
            kind: "rw",
            apps: ["*"],
            name: id,
            createdAt: 1,
            expiresAt: 0,
            lastUsedAt: 0,
          },
        ],
        by,
      ] as const,
  ),
  name.map((id) => ["deleteKey", id, by] as const),
  fc
    .tuple(name, fc.boolean())
    .map(
      ([owner, shared]) =>
        ["putView", { owner, ownerName: owner, name: "v", address: "/messages", shared }, by] as const,
    ),
  name.map((owner) => ["deleteView", owner, "v", by] as const),
  fc
    .tuple(name, fc.nat(2))
    .map(([appId, n]) => ["putAppRetention", { appId, keepFor: n * 1_000_000 }, by] as const),
  name.map((appId) => ["deleteAppRetention", appId, by] as const),
  fc
    .tuple(name, fc.subarray(["x", "y", "z"]))
    .map(([app, names]) => ["putAttributes", app, names, by] as const),
  fc
    .tuple(name, fc.subarray(["x", "y"]))
    .map(([of, things]) => ["putDeclaredThings", of, things, by] as const),
  fc.tuple(name, fc.boolean()).map(([id, paused]) => ["pauseBrokerCollector", id, paused, by] as const),
];
/** Each once, what takes away before what puts, so that no table stays empty. */
const everyChange = fc.tuple(...changes.toReversed());
const change = fc.oneof(...changes);
const entry = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(name, fc.nat(4), fc.constantFrom("A", "B"), fc.nat(2)) },
  { weight: 1, arbitrary: change },
);
const cut = fc.record({ end: fc.boolean(), restart: fc.boolean() });

test("the state is a function of the log, in any batches and over restarts", async () => {
  const made = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { minLength: 40, maxLength: 60 }),
      everyChange,
      fc.array(cut, { minLength: 60 + changes.length, maxLength: 60 + changes.length }),
      async (some, every, cuts) => {
        const log = [...some, ...every].map((shape, n): Entry => {
          const seq = n + 1;
          if (shape.length === 4 && typeof shape[1] === "number" && typeof shape[3] === "number") {
            const [appId, message, event_, id] = shape as readonly [string, number, string, number];
            return event(seq, { appId, messageId: `m${message}`, event: event_, eventId: String(id) });
          }
          const [method, ...args] = shape as readonly [ChangeMethod, ...unknown[]];
          return { seq, change: changeRecord(method, args) };
        });
        using one = await apply(log, () => ({ end: true, restart: false }));
        using other = await apply(log, (at) => cuts[at]!);
        const expected = hashesOf(one);
        expect(hashesOf(other)).toEqual(expected);
        for (const [table, hash] of Object.entries(expected)) if (!hash.startsWith("0 ")) made.add(table);
      },
    ),
    { numRuns: 6 },
  );
  // It was about something.
  for (const table of [
    "messages",
    "events",
    "lifecycles",
    "alert_rules",
    "alert_sinks",
    "alert_silences",
    "keys",
    "views",
    "audit",
  ])
    expect(made).toContain(table);
}, 60_000);
