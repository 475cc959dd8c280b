import { expect, test } from "bun:test";
import { operations } from "../../src/api/operations.ts";
import { grammarOf, parseArguments } from "../../src/cli/arguments.ts";
import { bodyOf, requestOf } from "../../src/cli/request.ts";

function parse(command: string, args: readonly string[], front: readonly string[] = []) {
  return parseArguments(grammarOf(operationOf(command)), args, front);
}

function operationOf(command: string) {
  const operation = operations.find((one) => one.command === command);
  if (operation === undefined) throw new Error(`no operation has the command ${command}`);
  return operation;
}

function request(command: string, ...args: string[]) {
  const { values, problems } = parse(command, args);
  expect(problems).toEqual([]);
  return requestOf(operationOf(command), values, undefined);
}

test("flags become parameters of the query, by either name", () => {
  for (const app of [["--app", "a b"], ["--app-id=a b"]]) {
    expect(request("list", ...app, "--limit", "2", "--followed").path).toBe(
      "/api/messages?app_id=a+b&followed=1&limit=2",
    );
  }
});

test("a list is repeated, or has commas, of which \\, is one of a name", () => {
  const path = "/api/messages?stage_events=a&stage_events=b%2Cc&stage_events=d";
  expect(request("list", "--stage-events", "a,b\\,c", "--stage-events", "d").path).toBe(path);
});

test("what is in the path is given by its place, by its flag, or both", () => {
  const path = "/api/apps/a%2Fb/messages/-1%3F?limit=3";
  expect(request("show", "a/b", "--limit", "3", "--", "-1?").path).toBe(path);
  expect(request("show", "--message", "-1?", "--limit=3", "a/b").path).toBe(path);
  expect(request("show", "--app-id=a/b", "--message-id=-1?", "--limit=3").path).toBe(path);
});

test("flags become members of a body, with their types", () => {
  const { method, path, body } = request(
    ...(["alerts rules put", "r1", "--sinks", "ops,dev", "--at-least", "3", "--kinds", "missing"] as const),
  );
  expect([method, path]).toEqual(["PUT", "/api/alerts/rules/r1"]);
  expect(JSON.parse(body ?? "")).toEqual({ sinks: ["ops", "dev"], at_least: 3, kinds: ["missing"] });
});

test("a call without a body sends none", () => {
  expect(request("alerts sinks test", "ops")).toEqual({ method: "POST", path: "/api/alerts/sinks/ops/test" });
});

test("general flags may stand before the command, where a field has the name of one", () => {
  const front = ["--url", "http://127.0.0.1:1"];
  const args = ["ops", "--type", "slack", "--url", "https://hooks.example.com/x"];
  const { values, general, problems } = parse("alerts sinks put", args, front);
  expect(problems).toEqual([]);
  expect(values.url).toBe("https://hooks.example.com/x");
  expect(general.get("--url")).toBe("http://127.0.0.1:1");
});

test("wrong usage is refused, all of it", () => {
  for (const [command, args, problems] of [
    ["list", ["--limt", "3", "x"], ["unknown flag --limt: did you mean --limit?", "unexpected argument x"]],
    ["list", ["--limit"], ["--limit needs a value"]],
    ["list", ["--app", "--json"], ["--app needs a value"]],
    ["list", ["--app", "a", "--app-id", "b"], ["--app-id is given twice"]],
    ["list", ["--all=1"], ["--all takes no value"]],
    ["list", ["-f", "x"], ["unknown flag -f"]],
    ["stats", ["--all"], ["unknown flag --all"]],
    [
      "list",
      ["--key", "mars_ad_x"],
      ["a key is no flag, since `ps` would show it: set MARS_KEY, or give --key-file"],
    ],
    ["show", ["a"], ["<message-id> is missing"]],
    ["show", ["a", "b", "c"], ["unexpected argument c"]],
    ["show", ["a", ".."], ["--message-id cannot be .., which paths of URLs lose"]],
    ["show", ["a", ""], ["--message-id cannot be empty"]],
    ["lifecycle put", ["a"], ["the lifecycle is missing: -f <file>, or -f - for stdin"]],
    ["alerts rules put", ["a"], ["--sinks is missing"]],
    ["alerts rules put", ["a", "-f", "x", "--sinks", "b"], ["give --file or --sinks, not both"]],
  ] as const) {
    expect([command, ...args, ...parse(command, args).problems]).toEqual([command, ...args, ...problems]);
  }
});

test("an answer of Mars is a body, where it holds one", () => {
  const lifecycle = { stages: [{ event: "a" }], complete_on: ["a"] };
  const put = operationOf("lifecycle put");
  expect(JSON.parse(bodyOf(put, {}, JSON.stringify({ version: 1, lifecycle })))).toEqual(lifecycle);
  const rule = operationOf("alerts rules put");
  const answer = '{"id":"r","app_id":null,"sinks":["ops"]}';
  expect(bodyOf(rule, { id: "r" }, answer)).toBe('{"sinks":["ops"]}');
  expect(bodyOf(rule, { id: "other" }, answer)).toBe('{"id":"r","sinks":["ops"]}');
  // What is a body already, or none, is sent as it is.
  for (const text of ['{ "sinks": ["ops"] }', "[1", "7"]) expect(bodyOf(rule, { id: "r" }, text)).toBe(text);
});
