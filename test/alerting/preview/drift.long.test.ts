/** A preview of a rule about a drift looks when the rule would have looked, by the lifecycle that held then. */
import { expect, test } from "bun:test";
import { ruleInput } from "../../../src/api/alert-rules.ts";
import { nowMicros } from "../../../src/core/time.ts";
import { createTrialService } from "../../../src/workers/trial-service.ts";
import { parseDefinition } from "../../support/definition.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

const minute = 60_000_000;
const hour = 60 * minute;

test("a drift that begins is in a preview from the look that would have found it, and until the one that finds none", async () => {
  using opened = await openStore();
  const { store, url } = opened;
  const stages = [{ event: "A" }, { event: "B", within: "10s" }];
  await store.putLifecycle("app", parseDefinition({ stages, complete_on: ["B"] }));
  const since = nowMicros();
  const at = (minutes: number) => since + minutes * minute;
  // Four an hour. In the third hour each has an event that the lifecycle does not know.
  const events = Array.from({ length: 28 * 4 }, (_, n) => {
    const createdAt = at(n * 15);
    const names = n >= 8 && n < 12 ? ["A", "X", "B"] : ["A", "B"];
    return names.map((name, index) => ({ messageId: `m${n}`, event: name, createdAt: createdAt + index }));
  }).flat();
  await store.apply(
    await batchOf(
      events.map((one, index) => event(index + 1, { ...one, appId: "app", receivedAt: one.createdAt })),
    ),
  );
  const rule = ruleInput.parse({
    ...{ id: "r", app_id: "app", sinks: ["s"], at_least: 3, repeat: "off" },
    condition: { type: "drift" },
  });
  const stop = new SharedArrayBuffer(4);
  const service = createTrialService({ url, authToken: "", timeoutMs: 1_000, stop });
  const { notifications, partial, until } = await service.preview(rule, { since, until: at(28 * 60) });
  const before = await service.preview(rule, { since: since - 3 * hour, until: since });
  service.close();
  expect(notifications.map(({ type }) => type)).toEqual(["incident.opened", "incident.resolved"]);
  const [opens, ends] = notifications;
  // A look is made once an hour, and what it found is seen within a minute. It is of the day before.
  expect((opens!.at - at(120)) / hour).toBeWithin(0, 1.1);
  // At the latest when the day has passed; sooner where too few of its messages have the event.
  expect((ends!.at - opens!.at) / hour).toBeWithin(2, 25.1);
  expect(opens!.text).toContain("the event X is not known");
  expect({ partial, until }).toEqual({ partial: false, until: at(28 * 60) });
  // There was no lifecycle to differ from.
  expect(before.count).toBe(0);
});
