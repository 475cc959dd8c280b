/** Fields of a rule that its condition does not go by are refused: who gives one expects it to make a difference. */
import { expect, test } from "bun:test";
import { ruleToJson } from "../../src/alerting/json.ts";
import { ruleInput } from "../../src/api/alert-rules.ts";
import { silenceInput } from "../../src/api/alert-silences.ts";

const conditions = {
  share: { type: "share", above: 0.1 },
  latency: { type: "latency", percentile: 95, above: "30s" },
  absence: { type: "absence", event: "PAID", for: "10m" },
  drift: { type: "drift" },
};

const others = {
  ...{ kinds: ["late"], at_least: 7, window: "5m", grow_factor: 3, grow_at_least: 9 },
  ...{ grow_after: "1m", repeat: "1h" },
};

test("an app is one by its name, or all by *; other patterns of keys are refused", () => {
  const rule = { id: "r", sinks: ["ops"] };
  expect(ruleInput.parse({ ...rule, app_id: "*" }).appId).toBeUndefined();
  expect(ruleInput.parse({ ...rule, app_id: "shop*eu" }).appId).toBe("shop*eu");
  const { error } = ruleInput.safeParse({ ...rule, app_id: "shop-*" });
  expect(error?.issues).toMatchObject([
    { path: ["app_id"], message: expect.stringMatching(/^must be one app/) },
  ]);
  expect(silenceInput.safeParse({ app_id: "shop-*", for: "1h" }).error?.issues).toMatchObject([
    { path: ["app_id"] },
  ]);
});

test("growth by a count alone is for rules that count", () => {
  const rule = { id: "r", app_id: "shop", sinks: ["ops"], grow_factor: 1 };
  expect(ruleInput.parse({ ...rule, grow_at_least: 50 })).toMatchObject({ growFactor: 1, growAtLeast: 50 });
  for (const condition of [conditions.share, conditions.latency]) {
    expect(ruleInput.safeParse({ ...rule, condition }).error?.issues).toMatchObject([
      { path: ["grow_factor"] },
    ]);
  }
});

for (const [type, fields] of Object.entries({
  share: ["grow_at_least"],
  latency: ["kinds", "grow_at_least"],
  absence: ["kinds", "at_least", "window", "grow_factor", "grow_at_least"],
  drift: ["kinds", "window", "grow_factor", "grow_at_least"],
})) {
  const rule = {
    ...{ id: "r", app_id: "shop", sinks: ["ops"] },
    condition: conditions[type as keyof typeof conditions],
  };

  test(`a rule with the condition ${type} does not take ${fields.join(", ")}`, () => {
    const { error } = ruleInput.safeParse({ ...rule, ...others });
    expect(error?.issues.map(({ path }) => path.join("."))).toEqual(fields);
  });

  test(`a rule with the condition ${type} can be put as it is shown`, () => {
    const read = ruleInput.parse(rule);
    const { stage: _, after: __, schedule: ___, ...shown } = ruleToJson(read);
    expect(ruleInput.parse(shown)).toEqual(read);
  });
}
