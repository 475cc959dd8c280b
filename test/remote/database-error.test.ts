/** What the faults of a real libSQL server mean, over both of its protocols; `store/database-error.test.ts` has the embedded ones. */
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "../../src/db/database.ts";
import { sqldSupported, startSqld } from "../support/sqld.ts";

const cases = [
  ["INSERT INTO t VALUES (2, 'poison')", "unprocessable"],
  ["INSERT INTO t VALUES (1, 'again')", "unprocessable"],
  ["INSERT INTO t VALUES (2, 'moved')", "unavailable"],
  ["SELECT n FROM t", "unprocessable"],
  ["SELECT hex(zeroblob(20000000))", "unprocessable"],
  ["SELECT nothing FROM nowhere", "internal"],
] as const;

test.skipIf(!sqldSupported)(
  "a server's faults keep their kinds, and its words stay in the cause",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "mars-sqld-"));
    const sqld = await startSqld({ dbPath: join(directory, "db") });
    for (const url of [sqld.httpUrl, sqld.wsUrl]) {
      const database = new Database({ url, authToken: "", timeoutMs: 5_000, pragmas: [] });
      const moved = "WHEN NEW.text = 'moved' BEGIN SELECT raise(ABORT, 'projection moved'); END";
      await database.batch(
        [
          "DROP TABLE IF EXISTS t",
          "CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT",
          "CREATE TRIGGER poison BEFORE INSERT ON t WHEN NEW.text = 'poison' BEGIN SELECT raise(ABORT, 'x'); END",
          `CREATE TRIGGER moved BEFORE INSERT ON t ${moved}`,
          "INSERT INTO t VALUES (1, 'one'), (9007199254740993, 'beyond')",
        ],
        "write",
      );
      for (const [statement, code] of cases) {
        const fault = await database.batch([statement], "write").catch((error: unknown) => error);
        expect([statement, fault]).toMatchObject([statement, { name: "MarsError", code }]);
        expect((fault as Error).message).not.toMatch(/127\.0\.0\.1|SQLite error/);
      }
      expect(await database.readClamped(["SELECT n FROM t ORDER BY n"])).toEqual([
        [{ n: 1 }, { n: Number.MAX_SAFE_INTEGER }],
      ] as never);
      database.close();
    }
    await sqld.kill();
    await rm(directory, { recursive: true, force: true });
  },
);
