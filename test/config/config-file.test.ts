import { expect, test } from "bun:test";
import { parseConfigFile, withNamedFile } from "../../src/config/config-file.ts";
import { parseConfig } from "../../src/config/parse.ts";

interface Given {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Reads the settings with `text` in mars.yaml. */
async function parse(text: string, { argv = ["--config", "mars.yaml"], env = {} }: Given = {}) {
  const files: Readonly<Record<string, string>> = { "mars.yaml": text, token: "s3cret\n" };
  const readFile = (path: string) => {
    const found = files[path];
    if (found === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return found;
  };
  const read = await withNamedFile({ argv, env, readFile });
  return read.ok ? parseConfig(read.sources) : read;
}

async function problems(text: string, given?: Given): Promise<readonly string[]> {
  const result = await parse(text, given);
  return result.ok ? [] : result.problems;
}

const settings = (...lines: string[]) => ["settings:", ...lines.map((line) => `  ${line}`), ""].join("\n");

test("flag before variable before file before default", async () => {
  const text = settings("http_port: 5001", "grpc_port: 5002", "retention: 3d", "tls_client_required: false");
  const argv = ["--http-port", "7000", "--config", "mars.yaml"];
  const result = await parse(text, { argv, env: { MARS_GRPC_PORT: "6000" } });
  expect(result).toMatchObject({
    ok: true,
    config: {
      httpPort: 7000,
      grpcPort: 6000,
      retentionMs: 3 * 86_400_000,
      collectors: 10,
      configFile: "mars.yaml",
    },
  });
  const sources = Object.fromEntries(
    (result.ok ? result.effective : []).map(({ name, source }) => [name, source]),
  );
  expect(sources).toMatchObject({
    MARS_HTTP_PORT: "--http-port",
    MARS_GRPC_PORT: "MARS_GRPC_PORT",
    MARS_RETENTION: "mars.yaml:4: settings.retention",
    MARS_COLLECTORS: "default",
  });
});

test("values are texts, numbers, switches, lists, and files that hold one", async () => {
  const text = settings(
    "database_auth_token_file: token",
    "database_url: libsql://db.example.com",
    "anonymous: true",
    "mask_attributes:",
    "  - card",
    "  - iban",
    "alert_allow: [10.0.0.0/8, hooks.internal]",
  );
  expect(await parse(text, { argv: [], env: { MARS_CONFIG: "mars.yaml" } })).toMatchObject({
    config: {
      databaseAuthToken: "s3cret",
      anonymous: true,
      maskAttributes: ["card", "iban"],
      alertAllow: ["10.0.0.0/8", "hooks.internal"],
    },
  });
});

test("what is wrong is named with file, line and member, all of it", async () => {
  expect(await problems(settings("http_port: 70000", "htpp_port: 1", "host: { a: 1 }"))).toEqual([
    "mars.yaml:3: settings.htpp_port is not known: did you mean http_port?",
    "mars.yaml:4: settings.host must be a text, a number, true, false, or a list of these",
  ]);
  expect(await problems(settings("http_port: 70000"))).toEqual([
    'mars.yaml:2: settings.http_port must be a whole number from 0 to 65535, is "70000"',
  ]);
  expect(await problems(settings("admin_key: short"))).toEqual([
    expect.stringMatching(/^mars\.yaml:2: settings\.admin_key must (?!.*short)/),
  ]);
  expect(await problems("setting: {}\nsenders: {}\n")).toEqual([
    "mars.yaml:1: setting is not known: did you mean settings?",
    "mars.yaml:2: senders is not known: there are name, prune, settings, attributes, retention, calendars, sinks, rules, silences, lifecycles, sources, views, collectors, keys",
  ]);
  expect(await problems("settings: []\n")).toEqual([
    "mars.yaml:1: settings must have members, such as name: value",
  ]);
});

test("a broken file is refused with its line", async () => {
  expect(await problems("settings:\n  host: [a\nrules:\n")).toEqual([
    expect.stringMatching(/^mars\.yaml:\d: /),
  ]);
  expect(await problems(settings("host: a", "host: b"))).toEqual(["mars.yaml:3: Map keys must be unique"]);
  expect(await problems("- a\n")).toEqual(["mars.yaml:1: must have members, such as name: value"]);
  expect(await problems("", { argv: ["--config", "other.yaml"] })).toEqual([
    "the configuration file cannot be read: ENOENT: no such file or directory, open 'other.yaml'",
  ]);
});

test("a file without anything changes nothing, and a small file does not become a large value", async () => {
  for (const text of ["", "# nothing\n", "settings:\n"])
    expect(await parse(text)).toMatchObject({ ok: true });
  const levels = Array.from({ length: 8 }, (_, level) => {
    const items = Array(10).fill(level === 0 ? "x" : `*a${level - 1}`);
    return `  l${level}: &a${level} [${items.join(", ")}]`;
  });
  const result = await parseConfigFile("bomb.yaml", `settings:\n${levels.join("\n")}\n`);
  expect(result.ok).toBe(false);
});
