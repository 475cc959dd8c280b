/** Where alerts may go. */
import { describe, expect, test } from "bun:test";
import { post } from "../../../src/alerting/sinks/http-post.ts";
import { parseTarget, Targets } from "../../../src/alerting/sinks/target.ts";
import { startReceiver } from "../../support/receiver.ts";

const refused = [
  "http://127.0.0.1/",
  "http://127.1/",
  "http://2130706433/",
  "http://0x7f.0.0.1/",
  "http://017700000001/",
  "http://0177.0.0.1/",
  "http://0x7f000001/",
  "http://0x7f.1/",
  "http://127.0.0.1./",
  "http://%31%32%37.0.0.1/",
  "http://①②⑦.0.0.1/",
  "http://127。0。0。1/",
  "http://0/",
  "http://2852039166/",
  "http://0xa9fea9fe/",
  "http://0251.0376.0251.0376/",
  "http://localhost/",
  "http://localhost./",
  "http://LOCALHOST/",
  "http://0.0.0.0/",
  "http://10.1.2.3/",
  "http://172.16.0.1/",
  "http://192.168.1.1/",
  "http://169.254.169.254/latest/meta-data",
  "http://100.64.0.1/",
  "http://192.0.0.1/",
  "http://192.0.2.1/",
  "http://198.18.0.1/",
  "http://224.0.0.1/",
  "http://240.0.0.1/",
  "http://255.255.255.255/",
  "http://168.63.129.16/machine?comp=goalstate",
  "http://[::]/",
  "http://[::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:7f00:1]/",
  "http://[0:0:0:0:0:ffff:7f00:0001]/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[::ffff:0:7f00:1]/",
  "http://[::ffff:10.0.0.1]/",
  "http://[::127.0.0.1]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[64:ff9b:1::1]/",
  "http://[2002:7f00:1::]/",
  "http://[2001:0:1::1]/",
  "http://[2001:db8::1]/",
  "http://[fc00::1]/",
  "http://[fd12:3456::1]/",
  "http://[fe80::1]/",
  "http://[fec0::1]/",
  "http://[ff02::1]/",
  "http://[4000::1]/",
];

describe("what is not public is refused", () => {
  for (const url of refused) {
    test(url, async () => {
      const found = new Targets([]).resolve(parseTarget(url));
      await expect(found).rejects.toThrow(/must not lead to .*, which is not public/);
    });
  }
});

test("public addresses are taken as they are", async () => {
  const targets = new Targets([]);
  expect(await targets.resolve(parseTarget("https://93.184.215.14/a"))).toEqual([
    { address: "93.184.215.14", family: 4 },
  ]);
  expect(await targets.resolve(parseTarget("https://[2606:2800:21f::1]/"))).toEqual([
    { address: "2606:2800:21f::1", family: 6 },
  ]);
});

describe("the operator allows", () => {
  const cases: [allow: string, url: string, allowed: boolean][] = [
    ["*", "http://127.0.0.1/", true],
    ["localhost", "http://LOCALHOST/", true],
    ["localhost", "http://127.0.0.1/", false],
    ["127.0.0.1", "http://localhost/", true],
    ["10.0.0.0/8", "http://10.255.0.1/", true],
    ["10.0.0.0/8", "http://11.0.0.1/", true],
    ["10.0.0.0/8", "http://127.0.0.1/", false],
    ["10.0.0.0/8", "http://[::ffff:10.0.0.1]/", true],
    ["fd00::/8", "http://[fd00::1]/", true],
    ["fd00::/8", "http://10.0.0.1/", false],
  ];
  for (const [allow, url, allowed] of cases) {
    test(`${allow}: ${url} is ${allowed ? "taken" : "refused"}`, async () => {
      // A machine may know localhost by IPv6 too.
      const targets = new Targets(allow === "127.0.0.1" ? [allow, "::1"] : [allow]);
      const found = targets.resolve(parseTarget(url));
      if (allowed) expect((await found).length).toBeGreaterThan(0);
      else await expect(found).rejects.toThrow("not public");
    });
  }
});

test.each([
  "http://example.com:80/",
  "https://example.com:443/",
  "http://example.com:443/",
  "https://example.com:1024/",
])("%s may be posted to", (text) => expect(parseTarget(text).href).toBe(new URL(text).href));

test("a refusal names what was asked for, and nothing that a look-up has found", async () => {
  const asked = new Targets([]).resolve(parseTarget("http://localhost/"));
  await expect(asked).rejects.toThrow(/^must not lead to localhost, which is not public/);
  const missing = new Targets(["*"]).resolve(parseTarget("http://nobody.invalid/"));
  await expect(missing).rejects.toThrow(/^must name a host that has an address$/);
});

describe("what is no address to post to is refused", () => {
  const cases: [text: string, message: string][] = [
    ["ftp://example.com/", "must begin with"],
    ["file:///etc/passwd", "must begin with"],
    ["example.com", "must be a URL"],
    ...[1, 22, 25, 81, 1023].map((port): [string, string] => [
      `https://example.com:${port}/`,
      "must have port 80, 443",
    ]),
    ["https://user:pass@example.com/", "must not hold a user"],
    ["https://example.com@127.0.0.1/", "must not hold a user"],
    ["https://example.com:443@127.0.0.1/", "must not hold a user"],
    ["https://@:pass@example.com/", "must not hold a user"],
    ["https://example.com:99999/", "must be a URL"],
    ["https://example.com:-1/", "must be a URL"],
    ["https://example.com:0/", "must have port 80, 443"],
    ["https://[::1%25lo]/", "must be a URL"],
    ["https://1.2.3.4.5/", "must be a URL"],
    ["https://exa mple.com/", "must be a URL"],
    ["gopher://127.0.0.1:6379/_x", "must begin with"],
    ["https:/\\[/", "must be a URL"],
    [`https://example.com/${"a".repeat(3_000)}`, "at most 2048"],
  ];
  for (const [text, message] of cases) {
    test(text.slice(0, 40), () => expect(() => parseTarget(text)).toThrow(message));
  }
});

test("what was checked is what is called: the name is not looked up again", async () => {
  await using receiver = startReceiver();
  // A name that cannot be looked up a second time.
  const targets = { resolve: async () => [{ address: "127.0.0.1", family: 4 } as const] };
  const url = new URL(receiver.url.replace("127.0.0.1", "moves.invalid"));
  const reply = await post(targets, { url, headers: {}, body: "{}" }, AbortSignal.timeout(5_000));
  expect(reply.status).toBe(200);
  expect(receiver.received[0]?.headers.host).toBe(url.host);
});

test("an address is refused before anything is sent to it", async () => {
  await using receiver = startReceiver();
  const sent = post(
    new Targets([]),
    { url: new URL(receiver.url), headers: {}, body: "{}" },
    AbortSignal.timeout(5_000),
  );
  await expect(sent).rejects.toThrow("not public");
  expect(receiver.received).toHaveLength(0);
});
