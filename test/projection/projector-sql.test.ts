import { expect, test } from "bun:test";
import { createClient, type InStatement } from "@libsql/client";
import { messageIds } from "../../src/db/messages/message-ids.ts";
import { dueFindings, dueInstances, nextDue, noHeldApps } from "../../src/projection/due-instances.ts";
import * as sql from "../../src/projection/projector-sql.ts";
import { openStore } from "../support/store.ts";

/** What a plan may go through from end to end: what is bounded by the step or by itself, and indexes that hold only what is asked for. */
const bounded =
  /^SCAN (\w+ VIRTUAL TABLE|\(subquery-\d+\)$|event_changes|set_aside|c$|projection|rates USING (COVERING )?INDEX rates_none)/;

test("no statement of the projector goes through a table that grows", async () => {
  using opened = await openStore();
  const client = createClient({ url: opened.url });
  const range = { from: 1, to: 2, changes: 10 };
  const held = JSON.stringify(["app"]);
  const statements: InStatement[] = [
    sql.rangeEnd(range, 10),
    sql.eventsOf(range),
    sql.changedEvents(range),
    sql.forgetChanges(range),
    sql.firstChange,
    sql.firstEvent(range),
    sql.firstAhead(1),
    sql.touchedMessages(range),
    sql.touchedInstances(range),
    sql.touchedFindings(range),
    sql.aheadInstances(1, 10),
    sql.aheadFindings(1, 10),
    messageIds([1]),
    sql.knownPosition,
    sql.movePosition({ step: 1, seq: 1, watermark: 1, findingSeq: 1 }),
    sql.knownLatencies("[]"),
    sql.forgetNoRates,
    ...[
      sql.upsertInstances,
      sql.addToLifecycleInstances,
      sql.upsertFindings,
      sql.addToApps,
      sql.addToRates,
    ].map((text) => ({
      sql: text,
      args: ["[]"],
    })),
    ...[sql.addToFunnel, sql.putLatencies].map((text) => ({ sql: text, args: ["[]"] })),
    dueInstances(1, 10, noHeldApps),
    dueFindings(1, 10, noHeldApps),
    nextDue(noHeldApps),
    dueInstances(1, 10, held),
    dueFindings(1, 10, held),
  ];
  for (const statement of statements) {
    const { sql: text, args } = typeof statement === "string" ? { sql: statement, args: [] } : statement;
    const { rows } = await client.execute({ sql: `EXPLAIN QUERY PLAN ${text}`, args: args ?? [] });
    const scans = rows.map(({ detail }) => String(detail)).filter((detail) => detail.startsWith("SCAN"));
    expect([text, scans.filter((detail) => !bounded.test(detail))]).toEqual([text, []]);
  }
  client.close();
});
