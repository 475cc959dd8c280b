/** The bound of a call of triage. */
import { expect, test } from "bun:test";
import type { ApiParts } from "../../src/api/parts.ts";
import { triageFindings } from "../../src/api/triage.ts";
import { triageMax } from "../../src/lifecycle/triage.ts";
import { callerNamed } from "../support/caller.ts";

test("more findings than a call takes are refused, with their number, by the field that selects them", async () => {
  const found = { findings: Array.from({ length: triageMax + 1 }, (_, id) => ({ id })), count: 12_000 };
  const parts = { reader: () => ({ triageFindings: async () => found }) } as unknown as ApiParts;
  const fieldOf = (selection: object) =>
    triageFindings
      .run(parts, { action: "resolve", ...selection }, callerNamed())
      .catch(({ message, problems }) => [message.split(":")[0], problems[0].field]);
  const message = "12000 findings match, and a call takes 10000 at most";
  expect(await fieldOf({ filter: {} })).toEqual([message, "filter"]);
  expect(await fieldOf({ group: { app_id: "shop", stage: "PAID" } })).toEqual([message, "group"]);
  expect(await fieldOf({ app_id: "shop", message_id: "m" })).toEqual([message, "message_id"]);
});
