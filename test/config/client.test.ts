import { describe, expect, test } from "bun:test";
import { type ClientResult, parseClient } from "../../src/config/client.ts";
import { parseConfig } from "../../src/config/parse.ts";

interface Given {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

function parse({ argv = [], env = {}, files = {} }: Given): ClientResult {
  const readFile = (path: string) => {
    const text = files[path];
    if (text === undefined) {
      throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: "ENOENT" });
    }
    return text;
  };
  return parseClient({ argv, env, readFile });
}

function client(given: Given) {
  const result = parse(given);
  if (!result.ok) throw new Error(result.problems.join("\n"));
  return result.client;
}

test("a command calls the Mars of its environment, unless it is given another", () => {
  for (const [given, url] of [
    [{}, "http://127.0.0.1:4000"],
    [{ env: { MARS_HOST: "0.0.0.0", PORT: "80" } }, "http://127.0.0.1:80"],
    [{ env: { MARS_HOST: "::", MARS_HTTP_PORT: "1" } }, "http://[::1]:1"],
    [{ env: { MARS_URL: "https://mars.example.com/behind/" } }, "https://mars.example.com/behind"],
    [{ argv: ["--url", "http://[::1]:4000"], env: { MARS_URL: "http://other" } }, "http://[::1]:4000"],
  ] as const) {
    expect(client(given).url).toBe(url);
  }
});

test("the key is that of the environment, of a file, or of the data directory of a Mars on this machine", () => {
  const files = { "./k": "of-the-file\n", "data/admin-token": "of-the-directory\n" };
  const key = (env: Record<string, string>, argv: string[] = []) => client({ env, argv, files }).key;
  expect(key({ MARS_KEY: "given" })).toEqual({ text: "given", source: "MARS_KEY" });
  expect(key({ MARS_KEY_FILE: "./k" })).toEqual({ text: "of-the-file", source: "MARS_KEY_FILE (./k)" });
  expect(key({}, ["--key-file", "./k"])?.text).toBe("of-the-file");
  expect(key({})).toEqual({ text: "of-the-directory", source: "data/admin-token" });
  expect(key({ MARS_URL: "http://127.0.0.1:1" })?.text).toBe("of-the-directory");
  expect(key({ MARS_URL: "https://mars.example.com" })).toBeUndefined();
  expect(key({ MARS_DATA_DIR: "/elsewhere" })).toBeUndefined();
});

test("what cannot be is refused, without its secrets", () => {
  for (const [given, problem] of [
    [{ env: { MARS_URL: "mars" } }, "MARS_URL must be a URL such as https://mars.example.com"],
    [{ env: { MARS_URL: "http://a:s3cret@b" } }, "MARS_URL must not hold a secret: it belongs in MARS_KEY"],
    [{ env: { MARS_KEY: "s3cret\nx" } }, "MARS_KEY must be one word of printable ASCII"],
    [{ env: { MARS_HTTP_PORT: "0" } }, "the port that 0 picks is not known: set MARS_URL or MARS_HTTP_PORT"],
    [{ env: { MARS_ULR: "http://a" } }, "unknown variable MARS_ULR: did you mean MARS_URL?"],
  ] as const) {
    expect(parse(given)).toEqual({ ok: false, problems: [problem] });
  }
});

test("Mars itself ignores the settings of commands", () => {
  const env = { MARS_URL: "http://a", MARS_KEY: "b", MARS_KEY_FILE: "c" };
  expect(parseConfig({ argv: [], env, readFile: () => "" })).toMatchObject({ ok: true });
});

describe("a profile", () => {
  const profiles = {
    current: "test",
    profiles: { test: { url: "https://test" }, prod: { url: "https://prod", key: "of-prod" } },
  };
  const files = { "/home/me/.config/mars/profiles.json": JSON.stringify(profiles), k: "of-a-file" };
  const call = (env: Record<string, string>, argv: string[] = []) => {
    const { url, key } = client({ env: { HOME: "/home/me", ...env }, argv, files });
    return [url, key?.text];
  };

  test("is used where neither a flag nor a variable names a Mars; its own flag comes before variables", () => {
    expect(call({})).toEqual(["https://test", undefined]);
    expect(call({ MARS_PROFILE: "prod" })).toEqual(["https://prod", "of-prod"]);
    expect(call({ MARS_PROFILE: "prod", MARS_URL: "https://other" })).toEqual(["https://other", undefined]);
    expect(call({ MARS_URL: "https://other" }, ["--profile", "prod"])).toEqual(["https://prod", "of-prod"]);
    expect(call({}, ["--url", "https://other"])).toEqual(["https://other", undefined]);
    expect(call({ XDG_CONFIG_HOME: "/elsewhere" })).toEqual(["http://127.0.0.1:4000", undefined]);
  });

  test("has a key for its own address, and takes one of the environment that is for no other", () => {
    expect(call({ MARS_KEY: "given" })).toEqual(["https://test", "given"]);
    expect(call({ MARS_PROFILE: "prod", MARS_KEY: "given" })).toEqual(["https://prod", "given"]);
    expect(call({ MARS_KEY: "given" }, ["--profile", "prod"])).toEqual(["https://prod", "of-prod"]);
    expect(call({ MARS_KEY: "given" }, ["--profile", "test"])).toEqual(["https://test", "given"]);
    const other = { MARS_URL: "https://other", MARS_KEY: "of-other" };
    expect(call(other)).toEqual(["https://other", "of-other"]);
    expect(call(other, ["--profile", "test"])).toEqual(["https://test", undefined]);
    expect(call(other, ["--profile", "prod", "--key-file", "k"])).toEqual(["https://prod", "of-a-file"]);
  });

  test("that is not there, or whose file is none, is refused without its contents", () => {
    const problems = (argv: string[], text = JSON.stringify(profiles)) => {
      const path = "/x/mars/profiles.json";
      const result = parse({ argv, env: { XDG_CONFIG_HOME: "/x" }, files: { [path]: text } });
      return result.ok ? [] : result.problems;
    };
    expect(problems(["--profile", "prd"])).toEqual(["there is no profile prd: did you mean prod?"]);
    expect(problems(["--profile", "prod", "--url", "https://a"])).toEqual([
      "give --url or --profile, not both",
    ]);
    const broken = "/x/mars/profiles.json is no file of profiles: mend it, or remove it";
    expect(problems([], '{"profiles":{"a":{"url":1,"key":"s3cret"}}}')).toEqual([broken]);
    expect(problems([], "s3cret")).toEqual([broken]);
    expect(problems([], '{"current":"a","profiles":{"a":{"url":"http://b:s3cret@c"}}}')).toEqual([
      "the address of the profile a must not hold a secret: it belongs in MARS_KEY",
    ]);
  });
});
