import { expect, test } from "bun:test";
import { parseDefinition } from "../../support/definition.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

test("an app's versions come latest first, those that ended its lifecycle too, and at most a hundred", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  const definition = (within: string) =>
    parseDefinition({ stages: [{ event: "A" }, { event: "B", within }], complete_on: ["B"] });
  expect(await queries.lifecycleVersions("app")).toEqual([]);
  const first = await store.putLifecycle("app", definition("1s"));
  await store.apply(await batchOf([event(1)]));
  const ended = await store.putLifecycle("app", undefined);
  await store.putLifecycle("other", definition("1s"));
  expect(await queries.lifecycleVersions("app")).toEqual([ended!, first!]);
  expect([first?.afterSeq, ended?.afterSeq, ended?.definition]).toEqual([0, 1, undefined]);

  for (let n = 3; n <= 103; n++) await store.putLifecycle("app", definition(`${n}s`));
  const versions = (await queries.lifecycleVersions("app")).map(({ version }) => version);
  expect(versions).toEqual(Array.from({ length: 100 }, (_, n) => 103 - n));
});
