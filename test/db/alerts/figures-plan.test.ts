/** Counting the findings of an incident reads one index, and no message or event. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Client, createClient } from "@libsql/client";
import { figuresSql } from "../../../src/gen/sql.ts";
import { openStore, type TestStore } from "../../support/store.ts";

let opened: TestStore;
let client: Client;

beforeAll(async () => {
  opened = await openStore();
  client = createClient({ url: opened.url });
});

afterAll(() => {
  client.close();
  opened[Symbol.dispose]();
});

async function planOf(sql: string): Promise<string[]> {
  const { rows } = await client.execute({
    sql: `EXPLAIN QUERY PLAN ${sql}`,
    args: new Array(7).fill(0).slice(0, argsOf(sql)),
  });
  return rows.map(({ detail }) => String(detail));
}

function argsOf(sql: string): number {
  return Math.max(...[...sql.matchAll(/\?(\d+)/g)].map(([, digits]) => Number(digits)));
}

const byGroup =
  /^SEARCH findings USING COVERING INDEX findings_group \(app=\? AND kind=\? AND stage=\? AND lifecycle=\? AND raised_at>\?\)$/;

test("what opens an incident is counted by the index alone", async () => {
  expect(
    (await planOf(figuresSql.countFindings)).filter((step) => / findings | events | e /.test(step)),
  ).toEqual([expect.stringMatching(byGroup)]);
});

test("the counts of an incident are read from the index alone, and its samples by their ids", async () => {
  const steps = (await planOf(figuresSql.figures)).filter((step) =>
    / findings | f | events | e | m /.test(step),
  );
  expect(steps.filter((step) => byGroup.test(step))).toHaveLength(5);
  expect(steps.filter((step) => !byGroup.test(step)).toSorted()).toEqual([
    expect.stringMatching(/^SEARCH f USING INDEX findings_ended /),
    expect.stringMatching(/^SEARCH f USING INTEGER PRIMARY KEY/),
    expect.stringMatching(/^SEARCH m USING INTEGER PRIMARY KEY/),
  ]);
});
