/** Secrets in the texts of receivers. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { AlertSink } from "../../../src/alerting/sink.ts";
import { redact, secretsOf } from "../../../src/alerting/sinks/redact.ts";

const token = "s3cr3t-T0ken/with+signs=";

describe("a secret is taken out", () => {
  const cases: [title: string, text: string, shown: string][] = [
    ["as it is", `you sent ${token}, which is wrong`, "you sent (hidden), which is wrong"],
    ["alone", token, "(hidden)"],
    ["twice, side by side", token + token, "(hidden)"],
    ["in another case", token.toUpperCase(), "(hidden)"],
    ["cut at its end", `got ${token.slice(0, 12)}`, "got (hidden)"],
    ["cut at its beginning", `…${token.slice(9)}!`, "…(hidden)!"],
    ["in a URL", `/?t=${encodeURIComponent(token)}&u=1`, "/?t=(hidden)&u=1"],
    ["beside nothing of it", "all is well", "all is well"],
    ["in no text", "", ""],
  ];
  for (const [title, text, shown] of cases) test(title, () => expect(redact(text, [token])).toBe(shown));
});

test("escaped for JSON and for HTML, decoded from a URL and from Basic credentials", () => {
  const quoted = 'a"b\\c&d<e>f\'g"h';
  expect(redact(JSON.stringify({ header: quoted }), [quoted])).toBe('{"header":"(hidden)"}');
  const html = quoted
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  expect(redact(`<p>${html}</p>`, [quoted])).toBe("<p>(hidden)</p>");
  expect(redact("token is pass word!", ["pass%20word%21"])).toBe("token is (hidden)");
  const basic = `Basic ${Buffer.from("mars:hunter2").toString("base64")}`;
  expect(redact(`no ${basic}`, [basic])).toBe("no (hidden)");
  expect(redact("wrong password hunter2 of mars", [basic])).toBe("wrong password (hidden) of (hidden)");
});

test("the words of a value are secrets, and what is shorter than four characters is none", () => {
  expect(redact("abcdefg is no token", ["Bearer abcdefg"])).toBe("(hidden) is no token");
  expect(redact("1 of 1 failed", ["1", "on", ""])).toBe("1 of 1 failed");
});

test("no text has eight characters in a row that a secret has, and one without any stays as it is", () => {
  const secret = fc.stringMatching(/^[\x21-\x7e]{8,40}$/);
  const rest = fc.stringMatching(/^[ äöü\n]{0,20}$/);
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 4 }),
      fc.array(rest, { minLength: 5, maxLength: 5 }),
      (secrets, rests) => {
        const text = rests.flatMap((plain, at) => [plain, secrets[at] ?? ""]).join("");
        const shown = redact(text, secrets).replaceAll("(hidden)", "");
        const runs = secrets.flatMap((one) =>
          Array.from({ length: one.length - 7 }, (_, at) => one.slice(at, at + 8)),
        );
        return shown === rests.join("") && !runs.some((run) => shown.includes(run));
      },
    ),
    { seed: 11 },
  );
});

test("the secrets of a sink are its headers, its signing secret, its query, and Slack's path", () => {
  const webhook = {
    id: "w",
    type: "webhook",
    url: "https://example.com/shown?key=in-the-query",
    secret: "whsec_abc",
    headers: { "X-A": "in a header" },
  } as AlertSink;
  expect(secretsOf(webhook)).toEqual(["whsec_abc", "", "key", "in-the-query", "in a header"]);
  const slack = {
    id: "s",
    type: "slack",
    url: "https://hooks.example.com/services/T0/B0/token",
  } as AlertSink;
  expect(secretsOf(slack)).toContain("token");
  expect(secretsOf({ id: "m", type: "email", to: ["a@example.com"] })).toEqual([]);
});
