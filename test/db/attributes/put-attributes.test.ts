/** A name can be gone by as soon as it is put, where one step reaches all that is stored. */
import { expect, test } from "bun:test";
import { batchOf, event, openStore } from "../../support/store.ts";

test("a name is indexed when its put is answered, where few events are stored", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.apply(await batchOf([event(1, { appId: "shop", attributes: '{"region":"north"}' })]));
  await store.project({ upTo: 1, watermark: 0, raise: false });
  await store.putAttributes("shop", ["region"]);
  expect(await queries.indexedAttributes("shop")).toEqual([{ name: "region", done: true, share: 1 }]);
  expect((await queries.counts({ appId: "shop", name: "region" })).values).toEqual([
    { value: "north", messages: 1 },
  ]);

  // What it replaces does not keep it waiting.
  await store.putAttributes("shop", ["carrier"]);
  expect(await queries.indexedAttributes("shop")).toEqual([{ name: "carrier", done: true, share: 1 }]);
});
