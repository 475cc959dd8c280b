import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ErrorCode, MarsError } from "../../src/core/error.ts";
import { Database } from "../../src/db/database.ts";
import { fileUrl } from "../../src/db/database-address.ts";
import { fromThreadError, toThreadError } from "../../src/workers/thread-error.ts";

const directory = mkdtempSync(join(tmpdir(), "mars-database-"));
afterAll(() => rmSync(directory, { recursive: true }));

function open(url: string, timeoutMs = 300): Database {
  return new Database({ url, authToken: "", timeoutMs, pragmas: ["busy_timeout = 10"] });
}

async function faultOf(call: () => Promise<unknown>): Promise<MarsError> {
  const thrown = await call().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(MarsError);
  return thrown as MarsError;
}

const database = open(fileUrl(join(directory, "one.db")));
await database.batch(
  [
    "CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT",
    "CREATE TRIGGER poison BEFORE INSERT ON t WHEN NEW.text = 'poison' BEGIN SELECT raise(ABORT, 'x'); END",
    "CREATE TRIGGER moved BEFORE INSERT ON t WHEN NEW.text = 'moved' BEGIN SELECT raise(ABORT, 'projection moved'); END",
    "INSERT INTO t VALUES (1, 'one'), (9007199254740993, 'beyond')",
  ],
  "write",
);

const statements: readonly [what: string, sql: string, code: ErrorCode, shown: string][] = [
  ["a trigger that refuses a row", "INSERT INTO t VALUES (2, 'poison')", "unprocessable", "TRIGGER"],
  ["a key that is there", "INSERT INTO t VALUES (1, 'again')", "unprocessable", "PRIMARYKEY"],
  ["a value of another type", "INSERT INTO t VALUES (2, x'00')", "unprocessable", "CONSTRAINT"],
  ["a value that is too big", "SELECT zeroblob(2000000000)", "unprocessable", "SQLITE_TOOBIG"],
  ["an integer beyond 2^53", "SELECT n FROM t", "unprocessable", "out of range"],
  ["a guard of ours", "INSERT INTO t VALUES (2, 'moved')", "unavailable", "moved on"],
  ["SQL that is none", "SELECT nothing FROM nowhere", "internal", "SQLITE_ERROR"],
];

for (const [what, sql, code, shown] of statements) {
  test(`${what} is ${code}, and the next call is served`, async () => {
    const error = await faultOf(() => database.execute(sql));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(shown)]);
    expect((await database.execute("SELECT text FROM t WHERE n = 1")).rows[0]?.text).toBe("one");
  });
}

test("a file that another connection has locked is unavailable", async () => {
  const other = open(fileUrl(join(directory, "one.db")));
  const holding = Promise.withResolvers<MarsError>();
  await other.execute("PRAGMA locking_mode = EXCLUSIVE");
  await other.execute("INSERT INTO t VALUES (5, 'held')");
  holding.resolve(await faultOf(() => database.execute("INSERT INTO t VALUES (6, 'refused')")));
  expect((await holding.promise).code).toBe("unavailable");
  other.close();
});

test("a full database is unavailable", async () => {
  const full = open(fileUrl(join(directory, "full.db")));
  await full.batch(["CREATE TABLE t (text TEXT)", "PRAGMA max_page_count = 3"], "write");
  const error = await faultOf(() => full.execute("INSERT INTO t VALUES (zeroblob(100000))"));
  expect([error.code, error.message]).toEqual(["unavailable", expect.stringContaining("SQLITE_FULL")]);
  full.close();
});

test("a file that is no database is corrupt, and one that cannot be opened is unavailable", async () => {
  const path = join(directory, "none.db");
  writeFileSync(path, "this is no database, though its name ends so. ".repeat(100));
  expect((await faultOf(() => open(fileUrl(path)).execute("SELECT 1 FROM t"))).code).toBe("corrupt");
  const missing = fileUrl(join(directory, "no-such-directory/one.db"));
  expect((await faultOf(() => open(missing).execute("SELECT 1"))).code).toBe("unavailable");
});

const answers: readonly [what: string, status: number, body: string, code: ErrorCode][] = [
  ["a server that refuses the token", 401, "", "unavailable"],
  ["a server that fails", 500, "at /srv/secret", "unavailable"],
  ["a server that finds it too large", 413, "", "unprocessable"],
  ["something that is no database server", 200, "<html>", "unavailable"],
  ["another service", 200, "{}", "unavailable"],
];

for (const [what, status, body, code] of answers) {
  test(`${what} is ${code}, and neither its words nor its address are in the message`, async () => {
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Response(body, { status }),
    });
    const error = await faultOf(() => open(`http://127.0.0.1:${server.port}`).execute("SELECT 1"));
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/127\.0\.0\.1|secret|html/);
    expect(error.cause).toBeDefined();
  });
}

test("a server that is not there, and one that does not answer, are unavailable", async () => {
  expect((await faultOf(() => open("http://127.0.0.1:1").execute("SELECT 1"))).code).toBe("unavailable");
  using silent = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Promise<Response>(() => undefined),
  });
  const error = await faultOf(() => open(`http://127.0.0.1:${silent.port}`, 50).execute("SELECT 1"));
  expect(error.code).toBe("unavailable");
});

test("an error keeps its kind, its causes and their stacks on its way between threads", async () => {
  const error = await faultOf(() => database.execute("INSERT INTO t VALUES (2, 'poison')"));
  const crossed = fromThreadError(structuredClone(toThreadError(error)));
  expect(crossed).toBeInstanceOf(MarsError);
  expect(crossed).toMatchObject({ code: "unprocessable", message: error.message, stack: error.stack! });
  expect(crossed.cause).toMatchObject({ name: "LibsqlError", code: "SQLITE_CONSTRAINT" });
  expect((crossed.cause as Error).stack).toBe((error.cause as Error).stack!);

  const bug = fromThreadError(structuredClone(toThreadError(new TypeError("x is not a function"))));
  expect(MarsError.from(bug)).toMatchObject({ code: "internal", cause: { name: "TypeError" } });
  expect(bug.stack).toContain("database-error.test.ts");
});

test("a cause that is its own cause does not hold up an error", () => {
  const error = new Error("round");
  error.cause = error;
  expect(fromThreadError(toThreadError(error)).message).toBe("round");
});
