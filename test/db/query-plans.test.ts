import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as generated from "../../src/gen/sql.ts";
import { QueryPlans } from "../support/query-plan.ts";
import { batchOf, event, openStore, type TestStore } from "../support/store.ts";

const { storeMigrations: _, ...files } = generated;

/** Statements that may read a table which grows, and why. */
const exceptions: Readonly<Record<string, string>> = {
  "totalsSql.apps": "ends at its LIMIT, along the ids",
  "positionSql.lastOfAll": "reads the last event",
  "attributesSql.addName": "reads the first event",
  "auditSql.dropOldest": "ends at its LIMIT, along the ids",
  "auditSql.prune": "ends at its LIMIT, along the ids",
  "formerSinksSql.dropGone": "reads the deliveries that wait",
  "childrenSql.complete": "looks whether there is a first row",
  "dueInstancesSql.stopWaiting": "ends at its LIMIT, along an index of the instances that wait",
};

let opened: TestStore;
let plans: QueryPlans;

beforeAll(async () => {
  opened = await openStore();
  const events = Array.from({ length: 2_000 }, (_, n) =>
    event(n + 1, { messageId: `message ${n % 500}`, event: `STAGE ${n % 7}`, externalId: `other ${n}` }),
  );
  await opened.store.apply(await batchOf(events));
  plans = new QueryPlans(opened.url);
});

afterAll(() => {
  plans.close();
  opened[Symbol.dispose]();
});

test("a scan of a table that grows is seen, under an alias and along an index too", async () => {
  for (const sql of [
    "SELECT * FROM events WHERE event = ?1",
    "SELECT count(*) FROM projection CROSS JOIN events e",
    "SELECT id FROM messages m ORDER BY m.created_at",
  ]) {
    expect([sql, (await plans.scans(sql)).length]).toEqual([sql, 1]);
  }
});

for (const [file, statements] of Object.entries(files)) {
  describe(file, () => {
    for (const [name, sql] of Object.entries(statements)) {
      test(`${name} reads no table that grows from end to end`, async () => {
        const scans = await plans.scans(sql);
        const exception = exceptions[`${file}.${name}`];
        if (exception === undefined) expect(scans).toEqual([]);
        else expect([exception, scans.length]).toEqual([exception, 1]);
      });
    }
  });
}
