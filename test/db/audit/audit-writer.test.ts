import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import { auditBytesMax } from "../../../src/core/audit.ts";
import { author } from "../../support/caller.ts";
import { parseDefinition } from "../../support/definition.ts";
import { openStore, type TestStore } from "../../support/store.ts";

const definition = (grace: string) =>
  parseDefinition({ stages: [{ event: "A" }, { event: "B" }], complete_on: ["B"], grace });

async function execute(opened: TestStore, sql: string) {
  const client = createClient({ url: opened.url });
  try {
    return (await client.execute(sql)).rows;
  } finally {
    client.close();
  }
}

const ids = async ({ queries }: TestStore) =>
  (await queries.audit({ limit: 1_000 })).entries.map(({ id }) => id);

test("a change that is too long is there by its beginning, cut between characters", async () => {
  using opened = await openStore();
  const alternatives = (stage: number) =>
    Array.from({ length: 8 }, (_, n) => `${stage}-${n}${'é"'.repeat(60)}${"x".repeat(stage % 2)}`);
  const stages = Array.from({ length: 50 }, (_, stage) => ({ any_of: alternatives(stage) }));
  const long = parseDefinition({ stages, complete_on: alternatives(49) });
  await opened.store.putLifecycle("app", long, 0, author);
  const { entries } = await opened.queries.audit({ limit: 1 });
  const shown = entries[0]?.new as { truncated: boolean; bytes: number; beginning: string };
  expect(shown.truncated).toBe(true);
  expect(shown.bytes).toBeGreaterThan(64 * 1024);
  expect(shown.beginning).toStartWith('{"version":1,');
  expect(shown.beginning).not.toContain("\uFFFD");
  expect(Buffer.byteLength(JSON.stringify(shown))).toBeLessThan(65 * 1024);
});

test("what Mars changes by itself leaves no entry, nor does a change that fails", async () => {
  using opened = await openStore();
  await opened.store.putLifecycle("app", definition("1s"));
  expect(await ids(opened)).toEqual([]);
  await execute(
    opened,
    "CREATE TRIGGER fail BEFORE INSERT ON lifecycles BEGIN SELECT raise(ABORT, 'no'); END",
  );
  await expect(opened.store.putLifecycle("app", definition("2s"), 0, author)).rejects.toThrow();
  expect(await ids(opened)).toEqual([]);
});

test("a change whose entry cannot be written is not made", async () => {
  using opened = await openStore();
  await execute(opened, "CREATE TRIGGER fail BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'no'); END");
  await expect(opened.store.putLifecycle("app", definition("1s"), 0, author)).rejects.toThrow();
  expect(await opened.queries.lifecycleVersions("app")).toEqual([]);
});

test("beyond the bound the oldest entries go, as many as needed, and are counted", async () => {
  using opened = await openStore();
  const put = (n: number) => opened.store.putLifecycle("app", definition(`${n}s`), 0, author);
  for (let n = 1; n <= 5; n++) await put(n);
  const [size] = await execute(opened, "SELECT bytes FROM audit_size");
  const [rows] = await execute(
    opened,
    "SELECT sum(1024 + octet_length(old) + octet_length(new)) AS bytes FROM audit",
  );
  expect(size?.bytes).toBe(rows!.bytes);
  // As if others had filled it: there is room for one more.
  await execute(opened, `UPDATE audit_size SET bytes = ${auditBytesMax - 2_000}`);
  await put(6);
  expect(await ids(opened)).toEqual([6, 5, 4, 3, 2, 1]);
  await put(7);
  expect(await ids(opened)).toEqual([7, 6, 5, 4, 3, 2]);
  const after = await opened.store.pruneAudit(0);
  expect(after).toMatchObject({ dropped: 1, more: false });
  expect(after.bytes).toBeLessThanOrEqual(auditBytesMax);
});

test("retention deletes what is from before its time, and ids are not used again", async () => {
  using opened = await openStore();
  const put = (n: number) => opened.store.putLifecycle("app", definition(`${n}s`), 0, author);
  for (let n = 1; n <= 3; n++) await put(n);
  const { entries } = await opened.queries.audit({ limit: 10 });
  expect(await opened.store.pruneAudit(entries[0]!.at)).toMatchObject({ dropped: 0 });
  expect(await ids(opened)).toEqual([3]);
  expect(await opened.store.pruneAudit(entries[0]!.at + 1)).toMatchObject({ bytes: 0 });
  await put(4);
  expect(await ids(opened)).toEqual([4]);
});
