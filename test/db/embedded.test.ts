import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedConnection } from "../../src/db/embedded.ts";

const directory = mkdtempSync(join(tmpdir(), "mars-embedded-"));
const file = join(directory, "one.db");
const connection = new EmbeddedConnection(file);
const other = new EmbeddedConnection(file);
await connection.execute("PRAGMA journal_mode = WAL");
await connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT");
afterAll(() => {
  connection.close();
  other.close();
  rmSync(directory, { recursive: true });
});

const insert = (n: number, text: string) => ({
  sql: "INSERT INTO t (n, text) VALUES (?, ?)",
  args: [n, text],
});
const all = "SELECT * FROM t ORDER BY n";

test("a statement that is kept answers by its arguments of each call, and sees what others have written", async () => {
  await connection.execute(insert(1, "one"));
  const find = (n: number) => connection.execute({ sql: "SELECT text FROM t WHERE n = ?", args: [n] });
  expect((await find(1)).rows).toEqual([{ text: "one" }] as never);
  expect((await find(2)).rows).toEqual([]);
  await other.execute(insert(2, "two"));
  expect((await find(2)).rows).toEqual([{ text: "two" }] as never);
});

test("a statement that is kept holds up no checkpoint", async () => {
  await connection.execute(all);
  const { rows } = await other.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  expect(rows).toEqual([{ busy: 0, log: 0, checkpointed: 0 }] as never);
});

test("a column that another connection adds is in the rows of a statement that is kept", async () => {
  expect(Object.keys((await connection.execute(all)).rows[0]!)).toEqual(["n", "text"]);
  await other.script("ALTER TABLE t ADD COLUMN more INTEGER NOT NULL DEFAULT 7", insert(3, "three"));
  expect((await connection.execute(all)).rows[2]).toEqual({ n: 3, text: "three", more: 7 } as never);
});

test("a pragma acts at every call, though it acts when it is prepared", async () => {
  for (const [mode, number] of [
    ["FULL", 2],
    ["NORMAL", 1],
    ["FULL", 2],
  ]) {
    await connection.execute(`PRAGMA synchronous = ${mode}`);
    expect((await connection.execute("PRAGMA synchronous")).rows[0]).toEqual({
      synchronous: number,
    } as never);
  }
});

test("a batch is done as a whole or not at all, and says what each statement has changed", async () => {
  const failing = connection.batch([insert(4, "four"), insert(1, "again")], "write");
  expect(await failing.catch(({ name, code, extendedCode }) => [name, code, extendedCode])).toEqual([
    "LibsqlError",
    "SQLITE_CONSTRAINT",
    "SQLITE_CONSTRAINT_PRIMARYKEY",
  ]);
  expect((await connection.execute("SELECT count(*) AS count FROM t")).rows[0]?.count).toBe(3);
  const results = await connection.batch([insert(4, "four"), "DELETE FROM t WHERE n > 2"], "write");
  expect(results.map(({ rowsAffected }) => rowsAffected)).toEqual([1, 2]);
});

test("the first of two columns with one name counts, and more statements than are kept are answered", async () => {
  expect((await connection.execute("SELECT 1 AS a, 2 AS a, x'01ff' AS b")).rows[0]).toEqual({
    a: 1,
    b: new Uint8Array([1, 255]).buffer,
  } as never);
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 250; n++) {
      const { rows } = await connection.execute(`SELECT ${n} AS n WHERE ${n} = ${n}`);
      expect(rows[0]?.n).toBe(n);
    }
  }
});
