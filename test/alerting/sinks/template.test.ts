/** Templates of webhooks: values are escaped for the place where they stand, and faults are found when a template is put. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Notification } from "../../../src/alerting/notification.ts";
import { type ContentType, renderTemplate, templateProblem } from "../../../src/alerting/sinks/template.ts";
import { startAlerting } from "../../support/alerting.ts";
import { author } from "../../support/caller.ts";
import { startReceiver } from "../../support/receiver.ts";

const json = "application/json";
const plain = "text/plain";
const form = "application/x-www-form-urlencoded";

function notification(text: string, samples: readonly string[] = ["m1", "m2"]): Notification {
  return {
    ...{ type: "incident.opened", at: 1_700_000_000_000_000, text },
    incident: {
      ...{ id: 7, change: 1, rule: "stuck", appId: text, kind: "missing", stage: "B", after: "" },
      openedAt: 1_700_000_000_000_000,
      figures: { count: 3, fresh: 2, recent: 2, lateBy: 0, samples },
    },
  };
}
const render = (template: string, type: ContentType, one = notification("a")) => {
  expect(templateProblem(template, type)).toBeUndefined();
  return renderTemplate(template, type, one, undefined);
};

test("names stand for parts of the notification, figures for their numbers", () => {
  const template =
    '{"t":"{{ type }}","n":{{incident.figures.new}},"c":{{incident.count}},"after":{{incident.after}},"s":{{incident.samples}},"ids":"of {{incident.samples}}","l":"{{incident.links.incident}}"}';
  expect(JSON.parse(render(template, json))).toEqual({
    ...{ t: "incident.opened", n: 2, c: 3, after: null, s: ["m1", "m2"], ids: "of m1, m2", l: "" },
  });
  expect(render("{{incident.rule}}: {{text}}", plain)).toBe("stuck: a");
  expect(render("title={{text}}&id={{incident.id}}", form, notification("a&b=c d"))).toBe(
    "title=a%26b%3Dc%20d&id=7",
  );
  const test: Notification = { type: "test", at: 0, text: "a test" };
  expect(render('{"id":{{incident.id}},"rule":"{{incident.rule}}"}', json, test)).toBe(
    '{"id":null,"rule":""}',
  );
});

test("no value ends the place where it stands", () => {
  const template = '{"a":"<{{text}}>","b":{{text}},"c":{"d":"\\"{{incident.app_id}}"}}';
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const one = notification(text);
      expect(JSON.parse(render(template, json, one))).toEqual({
        a: `<${text}>`,
        b: text,
        c: { d: `"${text}` },
      });
      expect(render("a\n{{text}}", plain, one).split("\n")).toHaveLength(2);
      const { x, y } = Object.fromEntries(new URLSearchParams(render("x={{text}}&y=1", form, one)));
      expect([x, y]).toEqual([text.toWellFormed(), "1"]);
    }),
    { seed: 3, numRuns: 50 },
  );
});

describe("a template is refused", () => {
  const cases: [template: string, type: ContentType, problem: string][] = [
    ["{{incident.secret}}", plain, "must name parts of a notification"],
    ["{{constructor}}", plain, "must name parts of a notification"],
    ["{{#each samples}}", plain, "must have names in its places"],
    ["{{text}", plain, "must have names in its places"],
    ['{"a":"{{Text}}"}', json, "must have names in its places"],
    ['{"a":{{text}}', json, "must be JSON"],
    ['{{{text}}:"a"}', json, "must be JSON"],
    ['{"a":1{{text}}}', json, "must be JSON"],
    ["not JSON {{text}}", json, "must be JSON"],
    ["{{text}}".repeat(101), plain, "must have at most 100 places, has 101"],
  ];
  for (const [template, type, problem] of cases) {
    test(`${type} ${template.slice(0, 40)}`, () => {
      expect(templateProblem(template, type)).toStartWith(problem);
    });
  }
});

test("a webhook sends what its template makes, signed, and goes on with it", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  const { alerts } = alerting;
  const target = { type: "webhook", url: receiver.url, contentType: plain } as const;
  const template = "{{incident.figures.count}} at {{incident.stage}}";
  await alerts.putSink("0", { ...target, template }, author);
  await alerting.stick(2);
  await receiver.count(1);
  expect([receiver.received[0]!.body, receiver.received[0]!.headers["content-type"]]).toEqual([
    "2 at B",
    "text/plain; charset=utf-8",
  ]);
  expect(receiver.received[0]!.headers["webhook-signature"]).toStartWith("v1,");
  const faulty = alerts.putSink("0", { ...target, template: "{{a}}" }, author);
  await expect(faulty).rejects.toThrow("template must name parts of a notification, has {{a}}");
});
