/**
 * Secrets with a mark of their own in every place that takes one; then every kind of failure; then every operation. The marks are in no
 * answer, in no line of the log, and in no column of the database that is shown.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { inputSchema } from "../../src/api/json-schema.ts";
import { operations } from "../../src/api/operations.ts";
import { restCallOf } from "../../src/api/rest-call.ts";
import { createLog } from "../../src/runtime/log.ts";
import { openBeside } from "../support/beside.ts";
import { type EchoReceivers, startEchoReceivers } from "../support/echo-receivers.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { send } from "../support/rest.ts";
import { until } from "../support/until.ts";

type Json = Readonly<Record<string, unknown>>;

/** Their places in the alphabet differ, so that a part of one is no part of another. */
const marks = {
  header: "hdr-Qx7Wq2Zk9Lm4Vb8T",
  quoted: "quo\"Rt5&Yp3'Jn6=Hf1%Dd0",
  basic: "bas-Gs8Nc4Xv2Ke7Pw5M",
  query: "qry-Bz6Uj3Ta9Eo1Iy4S",
  slack: "slk-Fw2Rk8Hd5Lq7Cm3X",
  teams: "tms-Jv3Pb7Gx9Ra2Ue6D",
  discord: "dsc-Wm5Ih4Zc8Ny3Tq7K",
  pagerduty: "pgr-Ks6Vd2Oj9Bw4Xf8H",
  opsgenie: "opg-Ec7Ay3Lt5Qm9Iz4R",
  signing: "sgnVt9Zp4Yb6Nx1Js8Gc",
  former: "fmrUr5Lk8Wd2Qa7Ty3Hb",
  mail: "sml-Ou3Ek7Aw5Mh2Dr9Q",
  refused: "ref-Li4Xs6Wn8Po2Tg5B",
};
const signing = `whsec_${Buffer.from(marks.signing.repeat(2)).toString("base64")}`;
const former = `whsec_${Buffer.from(marks.former.repeat(2)).toString("base64")}`;
const basic = Buffer.from(`mars:${marks.basic}`).toString("base64");
/** As they may be written, and no more than a part of them. */
const sought = [
  ...Object.values(marks),
  ...[signing, former, basic, JSON.stringify(marks.quoted).slice(1, -1), encodeURIComponent(marks.quoted)],
  ...[marks.mail, `\0mars\0${marks.mail}`].map((text) => Buffer.from(text).toString("base64")),
].flatMap((secret) => [secret.slice(0, 10), secret.slice(-10)]);

let mars: TestMars;
let receivers: EchoReceivers;
const lines: string[] = [];
const sinks: string[] = [];

async function rest(method: string, path: string, body?: unknown): Promise<string> {
  const response = await fetch(mars.url + path, {
    method,
    ...(body !== undefined && {
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  return `${method} ${path}: ${response.status} ${await response.text()}`;
}

/** By Connect. */
async function rpc(method: string, input: Json): Promise<string> {
  const response = await fetch(`${mars.url}/${method}`, {
    method: "POST",
    body: JSON.stringify(input),
    headers: { "content-type": "application/json" },
  });
  return `${method} ${response.status} ${await response.text()}`;
}

function found(texts: readonly string[]): string[] {
  return texts.flatMap((text) =>
    sought
      .filter((secret) => text.toLowerCase().includes(secret.toLowerCase()))
      .map((secret) => `${secret} in ${text}`),
  );
}

async function put(id: string, sink: Json): Promise<string> {
  sinks.push(id);
  const answer = await rest("PUT", `/api/alerts/sinks/${id}`, sink);
  expect(answer).toContain(": 200 ");
  return answer;
}

const puts: string[] = [];
beforeAll(async () => {
  receivers = await startEchoReceivers();
  mars = await startMars(
    {
      alertAllow: ["127.0.0.1"],
      smtpUrl: `smtp://mars:${encodeURIComponent(marks.mail)}@127.0.0.1:${receivers.smtpPort}`,
      smtpFrom: "mars@example.com",
    },
    createLog("debug", (line) => lines.push(line)),
  );
  const headers = {
    "X-Token": `Bearer ${marks.header}`,
    "X-Quoted": marks.quoted,
    Authorization: `Basic ${basic}`,
  };
  for (const [way, port] of Object.entries(receivers.ports)) {
    for (const scheme of way === "plain" ? ["http", "https"] : ["http"]) {
      const url = `${scheme}://127.0.0.1:${port}`;
      const webhook = { type: "webhook", url: `${url}/hook?key=${marks.query}`, secret: signing, headers };
      puts.push(
        await rest("PUT", `/api/alerts/sinks/webhook-${way}-${scheme}`, { ...webhook, secret: former }),
      );
      puts.push(await put(`webhook-${way}-${scheme}`, webhook));
      puts.push(
        await put(`slack-${way}-${scheme}`, { type: "slack", url: `${url}/services/T0/B0/${marks.slack}` }),
      );
    }
  }
  const plain = `http://127.0.0.1:${receivers.ports.plain}`;
  puts.push(await put("teams", { type: "teams", url: `${plain}/workflows/1?sig=${marks.teams}` }));
  puts.push(await put("discord", { type: "discord", url: `${plain}/api/webhooks/1/${marks.discord}` }));
  puts.push(await put("pagerduty", { type: "pagerduty", url: plain, key: marks.pagerduty }));
  puts.push(await put("opsgenie", { type: "opsgenie", url: plain, key: marks.opsgenie }));
  puts.push(await put("mail", { type: "email", to: ["ops@example.com"] }));
  for (let from = 0; from < sinks.length; from += 10) {
    await rest("PUT", `/api/alerts/rules/rule-${from}`, {
      sinks: sinks.slice(from, from + 10),
      window: "1s",
    });
  }
  await rest("PUT", "/api/apps/shop/lifecycle", {
    stages: [{ event: "A" }, { event: "B", within: "1ms" }],
    complete_on: ["B"],
    grace: "0s",
  });
  await send(mars.url, { app_id: "shop", message_id: "m", event: "A" });
  let tried: string[] = [];
  await until(
    async () => {
      const response = await fetch(`${mars.url}/api/alerts/deliveries?limit=1000`);
      const { deliveries } = (await response.json()) as {
        deliveries: { sink: string; attempts: unknown[] }[];
      };
      tried = deliveries.filter(({ attempts }) => attempts.length > 0).map(({ sink }) => sink);
      return sinks.every((id) => tried.includes(id));
    },
    () => `tried are ${tried.join(" ")} of ${sinks.join(" ")}`,
  );
}, 60_000);
afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  await receivers[Symbol.asyncDispose]();
});

test("the receivers do answer with what they were sent", async () => {
  const answer = await rest("GET", "/api/alerts/deliveries?sink=webhook-plain-http");
  expect(answer).toContain("POST /hook?key=(hidden) HTTP/1.1");
  expect(answer).toMatch(/X-Token: \(hidden\)/i);
  expect(await rest("GET", "/api/alerts/deliveries?sink=mail")).toContain("535 5.7.8 no: EHLO");
});

test("no answer to a PUT has a secret, but the one that has generated it", () =>
  expect(found(puts)).toEqual([]));

describe("no refusal has a secret", () => {
  const url = "http://127.0.0.1:8080/";
  const bad = marks.refused;
  const cases: Json[] = [
    { type: "webhook", url, secret: bad },
    { type: "webhook", url, secret: [bad] },
    { type: "webhook", url, secret: { a: bad } },
    { type: "webhook", url, headers: { "x-a": `${bad}\n` } },
    { type: "webhook", url, headers: { "x-a": [bad] } },
    { type: "webhook", url, headers: { "x-a": bad.repeat(99) } },
    { type: "webhook", url, headers: bad },
    { type: "webhook", url, headers: { host: bad } },
    { type: "webhook", url: `http://user:${bad}@127.0.0.1:8080/` },
    { type: "webhook", url: `http://127.0.0.1:1/?key=${bad}` },
    { type: "webhook", url: `http://10.0.0.1/${bad}?key=${bad}` },
    { type: "webhook", url: `ftp://127.0.0.1/${bad}` },
    { type: "webhook", url: `${bad} ${bad}` },
    { type: "slack", url: `http://10.0.0.1/services/${bad}` },
    { type: "slack", url: `http://nobody.invalid/services/${bad}` },
    { type: "slack", url, secret: bad },
    { type: "slack", url, headers: { "x-a": bad } },
    { type: "pagerduty", url, key: `${bad}_` },
    { type: "pagerduty", url: `http://127.0.0.1:8080/?key=${bad}`, key: "x" },
    { type: "opsgenie", url: "http://10.0.0.1/", key: bad },
    { type: "teams", url, key: bad },
    { type: "email", to: ["a@example.com"], headers: { "x-a": bad } },
  ];
  for (const sink of cases) {
    test(JSON.stringify(sink).slice(0, 70), async () => {
      const answers = [
        await rest("PUT", "/api/alerts/sinks/refused", sink),
        await rpc("mars.v1.AlertService/PutSink", {
          id: "refused",
          ...sink,
          type: `SINK_TYPE_${String(sink.type).toUpperCase()}`,
        }),
      ];
      for (const answer of answers) expect(answer).toMatch(/ 4\d\d /);
      expect(found(answers)).toEqual([]);
    });
  }

  test("a body that is no JSON", async () => {
    const answer = await rest(
      "PUT",
      "/api/alerts/sinks/refused",
      `{"type":"webhook","secret":${marks.refused.replaceAll("-", "_")}}`,
    );
    expect(answer).toContain(": 400 ");
    expect(answer).not.toContain("Li4Xs6Wn8Po2Tg5B");
  });
});

describe("no operation's answer has a secret", () => {
  const pool: Json = { app_id: "shop", message_id: "m", external_id: "x", sink: "mail", seq: 1, stage: "B" };
  const order = (one: (typeof operations)[number]) =>
    one.rest.startsWith("GET") ? 0 : one.rest.startsWith("DELETE") ? 2 : 1;
  for (const one of operations.toSorted((a, b) => order(a) - order(b))) {
    test(one.name, async () => {
      const { required = [] } = inputSchema(one);
      // All of the sinks one by one, and for anything else an id of none.
      const ids = one.name.endsWith("AlertSink") ? sinks : ["1"];
      const answers = await Promise.all(
        (required.includes("id") ? ids : ["-"]).flatMap((id) => {
          const input = Object.fromEntries(
            required.map((field) => [field, field === "id" ? id : (pool[field] ?? "1")]),
          );
          return [callRest(one, input), rpc(one.rpc, input)];
        }),
      );
      expect(found(answers)).toEqual([]);
    });
  }

  function callRest(one: (typeof operations)[number], input: Json): Promise<string> {
    const { method, path, inPath, inBody } = restCallOf(one);
    const query = new URLSearchParams(
      Object.entries(input)
        .filter(([field]) => !inPath.includes(field) && !inBody.includes(field))
        .map(([field, value]): [string, string] => [field, String(value)]),
    );
    const filled = inPath.reduce(
      (text, field) => text.replace(`{${field}}`, encodeURIComponent(String(input[field]))),
      path,
    );
    const body = Object.fromEntries(Object.entries(input).filter(([field]) => inBody.includes(field)));
    return rest(method, `${filled}?${query}`, one.body === undefined ? undefined : body);
  }
});

test("no line of the log has a secret, at any level", () => {
  expect(lines.filter((line) => line.includes("delivery_failing")).length).toBeGreaterThanOrEqual(
    sinks.length,
  );
  expect(found(lines)).toEqual([]);
});

test("no column of the database that is shown has a secret", async () => {
  const client = openBeside(mars);
  for (const table of [
    "audit",
    "alert_attempts",
    "alert_deliveries",
    "alert_incidents",
    "alert_rules",
    "alert_silences",
  ]) {
    const { rows } = await client.execute(`SELECT * FROM ${table}`);
    if (table !== "alert_silences" && table !== "alert_rules") expect(rows.length).toBeGreaterThan(0);
    expect(found(rows.map((row) => JSON.stringify(row)))).toEqual([]);
  }
  client.close();
});
