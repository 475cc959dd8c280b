/** Changes that a crash has left in the log: they are made at the start, in their order, before anything goes by what they change. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { type ChangeMethod, changeRecord } from "../../src/core/change-record.ts";
import { FileJournal } from "../../src/journal/file-journal.ts";
import { adminKey, call } from "../access/doors.ts";
import { startMars, type TestMars } from "../support/mars.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of all kinds
type Json = any;

const ask = async (mars: TestMars, request: string, token = adminKey, body?: object) => {
  const answer = await call(mars, request, token, body);
  return { status: answer.status, body: answer.body as Json };
};

/** As Mars does, up to the moment in which it is killed. @returns the last seq */
async function leave(
  mars: TestMars,
  changes: readonly (readonly [ChangeMethod, ...unknown[]])[],
): Promise<number> {
  const journal = new FileJournal({ directory: join(mars.dataDir, "journal"), bytesMax: 2 ** 20 });
  const { lastSeq } = await journal.open();
  journal.startAt(lastSeq + 1);
  for (const [method, ...args] of changes) await journal.appendChange(changeRecord(method, args));
  await journal.close();
  return lastSeq + changes.length;
}

test("a key whose revocation is in the log and not yet made is not good after the start", async () => {
  await using first = await startMars({ adminKey });
  const wanted = { kind: "rw", apps: ["*"], name: "k" };
  const { token, id } = (await ask(first, "POST /api/keys", adminKey, wanted)).body;
  expect((await ask(first, "GET /api/messages", token)).status).toBe(200);
  await first.stop();
  const by = { action: "revokeKey", who: "key:admin", name: "admin", address: "127.0.0.1", protocol: "rest" };
  await leave(first, [["deleteKey", id, by]]);
  const again = await first.restart();
  expect((await ask(again, "GET /api/messages", token)).status).toBe(401);
  const { entries } = (await ask(again, "GET /api/audit")).body;
  expect(entries.filter(({ action }: Json) => action === "revokeKey")).toMatchObject([{ target: id }]);
  await again.stop();
});

test("a change that cannot be made changes nothing, and what stands around it is made once, over starts", async () => {
  await using first = await startMars({ adminKey });
  await first.stop();
  const view = { owner: "key:admin", ownerName: "a", address: "/messages", shared: true };
  const seq = await leave(first, [
    ["putView", { ...view, name: "one" }],
    ["putKeys", { not: "a list" }],
    ["putView", { ...view, name: "two" }],
  ]);
  let mars = await first.restart();
  for (let start = 0; start < 2; start++) {
    expect((await ask(mars, `GET /api/messages?min_seq=${seq}`)).status).toBe(200);
    const { views } = (await ask(mars, "GET /api/views")).body;
    expect(views.map(({ name }: Json) => name)).toEqual(["one", "two"]);
    mars = await mars.restart();
  }
  expect((await ask(mars, "PUT /api/views/three", adminKey, { address: "/messages" })).status).toBe(200);
  await mars.stop();
});
