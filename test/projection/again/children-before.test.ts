/** Messages that were stored before the parts of others were kept: the migration that fills the table has their parents judged again. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

const migration = join(import.meta.dir, "../../../migrations/store/0035_fill_children.sql");

test("a batch is complete by parts that were stored before these were kept", async () => {
  using opened = await openStore();
  const { store, queries, url } = opened;
  const stages = [
    { event: "SENT" },
    { children: "complete", after: "SENT", within: "1m" },
    { event: "DONE" },
  ];
  await store.putLifecycle("app", parseDefinition({ stages, complete_on: ["children", "DONE"] }));
  const reports = [
    { messageId: "batch", event: "SENT", createdAt: 1 },
    { messageId: "part", event: "DONE", createdAt: 2, parentId: "batch" },
    { messageId: "part", event: "SENT", createdAt: 3, parentId: "other" },
  ];
  await store.apply(await batchOf(reports.map((one, index) => event(index + 1, one))));
  await projectAll(store, 3, 10);
  const state = async () => (await queries.get({ appId: "app", messageId: "batch" })).message?.state;
  expect(await state()).toBe("complete");

  const client = createClient({ url });
  await client.execute("DELETE FROM children");
  expect(await state()).toBe("open");
  await client.executeMultiple(readFileSync(migration, "utf8"));
  client.close();
  await projectAll(store, 3, 20);
  expect(await state()).toBe("complete");
  const { messages } = await queries.list({ appId: "app", states: ["complete"], order: "oldest", limit: 10 });
  expect(messages.map(({ messageId }) => messageId)).toEqual(["batch", "part"]);
});
