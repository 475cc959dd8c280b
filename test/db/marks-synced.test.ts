/** A mark is on a finding, which the log does not have: a power cut after its answer may take neither back. */
import { expect, spyOn, test } from "bun:test";
import { type ChangeMethod, changeRecord } from "../../src/core/change-record.ts";
import { EmbeddedConnection } from "../../src/db/embedded.ts";
import { author } from "../support/caller.ts";
import { parseDefinition } from "../support/definition.ts";
import { projectAll } from "../support/project.ts";
import { batchOf, event, openStore } from "../support/store.ts";

const definition = parseDefinition({
  stages: [{ event: "A" }, { event: "B", within: "1s" }],
  complete_on: ["B"],
  grace: "0s",
});

test("a mark of a record is synced with its finding, what the log gives again is not", async () => {
  using opened = await openStore();
  const { store } = opened;
  let from = 0;
  const make = async (method: ChangeMethod, ...args: unknown[]) => {
    const to = from + 1;
    const outcome = await store.applyChange({ from, to, change: changeRecord(method, args) });
    from = to;
    return outcome;
  };
  await make("putLifecycle", "app", definition, undefined, author);
  await store.apply({ ...(await batchOf([event(2, { event: "A" })])), from });
  from = 2;
  const [finding] = await projectAll(store, 2, 100_000_000);
  using execute = spyOn(EmbeddedConnection.prototype, "execute");
  const synced = () => execute.mock.calls.filter(([statement]) => statement === "PRAGMA synchronous = FULL");
  await make("putAttributes", "app", ["x"], author);
  expect(synced()).toHaveLength(0);
  const about = { target: "test", appId: "app", selection: {} };
  expect(await make("markFindings", [finding!.id], { action: "acknowledge" }, about, author)).toEqual({
    answer: 1,
  });
  expect(synced()).toHaveLength(1);
  // The position has moved with it, once.
  const step = { from: 3, to: 4, change: changeRecord("markFindings", [[], {}, about, author]) };
  expect(await store.applyChange(step)).toEqual({ lost: true });
});
