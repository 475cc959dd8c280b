import { expect, test } from "bun:test";
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
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
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
