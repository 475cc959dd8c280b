import { expect, test } from "bun:test";
import { join } from "node:path";
import { declaredKinds, parseConfigFile } from "../../src/config/config-file.ts";
import { readDeclarations } from "../../src/declared/declaration.ts";

async function read(text: string, env: Readonly<Record<string, string>> = {}) {
  const parsed = await parseConfigFile("mars.yaml", text);
  if (!parsed.ok) throw new Error(parsed.problems.join("\n"));
  const readFile = (path: string) => {
    if (path === "token") return "from-a-file\n";
    throw new Error(`ENOENT: ${path}`);
  };
  return readDeclarations(parsed.file, { env, readFile });
}

test("what is wrong in a declaration is named with file, line and member, all of it", async () => {
  const { problems } = await read(`
rules:
  stuck:
    sinks: []
    at_lest: 2
lifecycles:
  shop:
    stages:
      - event: created
      - event: paid
        after: ordered
        within: 1h
    complete_on: [paid]
retention:
  shop: soon
attributes:
  shop: [total, total]
sinks:
  ops: { type: webhok, url: "https://example.com" }
`);
  expect(problems).toEqual([
    "mars.yaml:17: attributes.shop must have each name once",
    expect.stringMatching(/^mars\.yaml:15: retention\.shop must be a (number and a unit|duration)/),
    expect.stringMatching(/^mars\.yaml:19: sinks\.ops\.type must be one of /),
    expect.stringMatching(/^mars\.yaml:4: rules\.stuck\.sinks must /),
    "mars.yaml:5: rules.stuck.at_lest is not known: did you mean at_least?",
    expect.stringMatching(/^mars\.yaml:1[01]: lifecycles\.shop\.stages\[1\]\.after /),
  ]);
});

test("a file that prunes has a name", async () => {
  expect((await parseConfigFile("f", "prune: true\n")) as object).toMatchObject({
    problems: ["f:1: prune needs a name beside it, by which what the file declares is on record"],
  });
  expect((await parseConfigFile("f", "name: a b\nprune: 7\n")) as object).toMatchObject({
    problems: ["f:1: name must be 1 to 64 of A-Z a-z 0-9 . _ -", "f:2: prune must be true or false"],
  });
  expect(await read("name: team\nprune: true\n")).toEqual({
    declarations: [],
    name: "team",
    prune: true,
    problems: [],
  });
});

test("secrets of sinks come from variables and files, and are in no sentence", async () => {
  const text = `
sinks:
  ops:
    type: webhook
    url: { env: HOOK }
    headers: { X-Token: { file: token }, X-Team: ops }
`;
  const { declarations, problems } = await read(text, { HOOK: "https://example.com/?t=1" });
  expect(problems).toEqual([]);
  expect(declarations[0]?.wanted?.input).toMatchObject({
    url: "https://example.com/?t=1",
    headers: { "X-Token": "from-a-file", "X-Team": "ops" },
  });
  expect(JSON.stringify(declarations[0]?.wanted?.shown)).not.toMatch(/from-a-file|t=1/);
  expect((await read(text)).problems[0]).toBe(
    "mars.yaml:5: sinks.ops.url names the variable HOOK, which is not set",
  );
  const odd = "sinks:\n  ops:\n    type: slack\n    url: { vault: x }\n";
  expect((await read(odd)).problems[0]).toBe(
    "mars.yaml:4: sinks.ops.url must be a text, { env: NAME } or { file: PATH }",
  );
});

test("the example of the deployment is without faults", async () => {
  const text = await Bun.file(join(import.meta.dir, "../../deploy/mars.yaml")).text();
  const { declarations, problems } = await read(text, {
    MARS_HOOK_SECRET: `whsec_${btoa("s".repeat(32))}`,
    MARS_CI_TOKEN: "c".repeat(32),
    MARS_STRIPE_SECRET: "whsec_1",
    MARS_SLACK_URL: "https://hooks.slack.com/services/T/B/x",
    MARS_ORDERS_URL: "nats://mars:secret@nats.example.com:4222",
  });
  expect(problems).toEqual([]);
  expect(new Set(declarations.map(({ kind }) => kind.name))).toEqual(new Set(declaredKinds));
});
