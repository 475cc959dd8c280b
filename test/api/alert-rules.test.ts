/** Fields of a rule that its condition does not go by are refused: who gives one expects it to make a difference. */
import { expect, test } from "bun:test";
import { ruleToJson } from "../../src/alerting/json.ts";
import { ruleInput } from "../../src/api/alert-rules.ts";

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
