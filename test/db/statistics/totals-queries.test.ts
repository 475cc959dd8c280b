import { expect, test } from "bun:test";
import { appTotalsMax } from "../../../src/statistics/totals.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

test("the first apps have numbers of their own, and all others a sum", async () => {
  using opened = await openStore();
  const apps = appTotalsMax + 30;
  const events = Array.from({ length: 2 * apps }, (_, n) =>
    event(n + 1, { appId: `app ${n % apps}`, messageId: `m ${n}`, event: "A" }),
  );
  await opened.store.apply(await batchOf(events));
  await projectAll(opened.store, events.length, 0);
  const totals = await opened.queries.totals();
  expect(totals.apps.size).toBe(appTotalsMax);
  expect(totals.apps.get("app 0")).toEqual({ events: 2, open: 0, missing: 0, acknowledged: 0 });
  expect(totals.others).toEqual({ apps: 30, events: 60, open: 0, missing: 0, acknowledged: 0 });
  expect(totals).toMatchObject({ activeIncidents: 0, pendingDeliveries: 0 });
});
