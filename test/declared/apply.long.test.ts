/** A file is applied at the start, at SIGHUP and by `mars apply`, to a real Mars in a process of its own. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, runCommand } from "../support/command.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { until } from "../support/until.ts";

let directory: string;
let file: string;
let mars: MarsProcess;

const lifecycle = `
  shop:
    stages:
      - event: created
      - { event: paid, after: created, within: 1h }
    complete_on: [paid]
`;
const text = (atLeast: number, more = "") => `
settings:
  journal_max: 64MiB
retention: { shop: 30d }
attributes: { shop: [total, country] }
calendars:
  holidays: { dates: [{ date: 2027-12-25 }, { date: 2027-01-01, name: New year }] }
sinks:
  live: { type: topic }
  hook:
    type: webhook
    url: http://127.0.0.1:1999/hook?t=1
    secret: { env: SECRET }
    headers: { X-Token: { env: TOKEN } }
rules:
  stuck: { app_id: shop, at_least: ${atLeast}, sinks: [live, hook] }
${more}
lifecycles:${lifecycle}`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mars-declared-"));
  file = join(directory, "mars.yaml");
  await Bun.write(file, text(2));
  mars = await spawnMars({
    dataDir: join(directory, "data"),
    env: { ...secrets, MARS_CONFIG: file, MARS_ALERT_ALLOW: "127.0.0.1" },
    stderr: join(directory, "log"),
  });
  await until(async () => (await get("/api/apps/shop/lifecycle")).version === 1);
});

afterAll(async () => {
  await mars?.kill("SIGTERM");
  await rm(directory, { recursive: true, force: true });
});

const secrets = { SECRET: `whsec_${btoa("s".repeat(32))}`, TOKEN: "first-token" };

/** The members that these tests read. */
interface Answer {
  readonly version?: number;
  readonly at_least?: number;
  readonly retention?: string;
  readonly own?: boolean;
  readonly entries?: readonly unknown[];
  readonly indexed?: readonly unknown[];
  readonly dates?: readonly unknown[];
}

async function get(path: string): Promise<Answer> {
  return (await (await fetch(mars.url + path)).json()) as Answer;
}

const headers = { "content-type": "application/json" };

const changes = async () => (await get("/api/audit?limit=1000")).entries?.length ?? 0;

async function apply(text: string, args: readonly string[] = [], env = {}) {
  const whole = { ...secrets, MARS_URL: mars.url, ...env };
  const ended = await runCommand(["apply", "-f", "-", ...args], { cwd: directory, env: whole, stdin: text });
  return { ...ended, changes: ended.stdout === "" ? [] : JSON.parse(ended.stdout).changes };
}

test("a start applies the file, and the audit has it", async () => {
  expect(await get("/api/alerts/rules/stuck")).toMatchObject({ at_least: 2, sinks: ["live", "hook"] });
  expect(await get("/api/alerts/sinks/hook")).toMatchObject({ url: "http://127.0.0.1:1999/hook?(hidden)" });
  expect(await get("/api/apps/shop/retention")).toEqual({ retention: "30d", own: true });
  expect((await get("/api/apps/shop/attributes")).indexed).toHaveLength(2);
  expect((await get("/api/alerts/calendars/holidays")).dates).toHaveLength(2);
  const { entries } = await get("/api/audit?action=putLifecycle");
  expect(entries).toMatchObject([{ who: "mars.yaml", name: file, protocol: "inside", target: "shop" }]);
});

test("what is there already changes nothing, secrets included", async () => {
  const before = await changes();
  const again = await apply(text(2), ["--fail"]);
  expect(again).toMatchObject({ exitCode: 0, changes: [] });
  expect(again.stderr).toContain("the settings of the file are not applied");
  expect((await get("/api/apps/shop/lifecycle")).version).toBe(1);
  expect(await changes()).toBe(before);
});

test("a dry run says what differs and changes nothing, and a script can stop then", async () => {
  const before = await changes();
  const dry = await apply(text(5, "  more: { sinks: [live] }"), ["--dry-run", "--fail"]);
  expect(dry.exitCode).toBe(1);
  expect(dry.changes).toEqual([
    {
      action: "change",
      kind: "rules",
      id: "stuck",
      differences: [
        { field: "at_least", from: "2", to: "5" },
        { field: "grow_at_least", from: "2", to: "5" },
      ],
    },
    { action: "create", kind: "rules", id: "more", differences: [] },
  ]);
  expect((await apply(text(5), ["--dry-run"])).exitCode).toBe(0);
  expect(await changes()).toBe(before);
});

test("a dry run says that a secret is another, and shows none", async () => {
  const before = await changes();
  const { stdout, stderr, exitCode } = await apply(text(2), ["--dry-run", "--fail"], {
    TOKEN: "second-token",
  });
  const headers = {
    field: "headers",
    from: '{"X-Token":"(hidden)"}',
    to: '{"X-Token":"(changed)"}',
  };
  expect(JSON.parse(stdout)).toEqual({
    applied: false,
    changes: [{ action: "change", kind: "sinks", id: "hook", differences: [headers] }],
    secrets: [],
  });
  expect([exitCode, await changes()]).toEqual([1, before]);
  const put = await apply(text(2), [], { TOKEN: "second-token" });
  expect(stdout + stderr + put.stdout + put.stderr).not.toContain("token");
  expect(await changes()).toBe(before + 1);
  await apply(text(2));
});

test("null removes, in the order in which Mars allows it, and the rest is left alone", async () => {
  await apply("rules:\n  old: { sinks: [gone] }\nsinks:\n  gone: { type: topic }\n");
  const removing = "sinks: { gone: null }\nrules: { old: null }\nlifecycles: { none: null }\n";
  const removed = await apply(removing);
  expect(removed.changes).toMatchObject([
    { action: "remove", kind: "sinks", id: "gone" },
    { action: "remove", kind: "rules", id: "old" },
  ]);
  expect(await get("/api/alerts/rules/stuck")).toMatchObject({ id: "stuck" });
  expect((await apply(removing)).changes).toEqual([]);
});

test("what a file with a name once declared is removed by --prune, and nothing that people made", async () => {
  const named = (rules: string) => `name: team\nsinks: { team: { type: topic } }\nrules:${rules}\n`;
  const rule = "{ sinks: [team] }";
  await apply(named(` { a: ${rule}, b: ${rule}, c: ${rule} }`));
  await fetch(`${mars.url}/api/alerts/rules/by-hand`, { method: "PUT", body: '{"sinks":["team"]}', headers });
  const before = await changes();
  const left = await apply(named(` { a: ${rule}, c: ${rule} }`), ["--fail"]);
  expect(left).toMatchObject({ exitCode: 0, changes: [] });
  expect(left.stderr).toContain("rules/b: once declared, and no longer; --prune removes it");
  const dry = await apply(named(` { a: ${rule} }`), ["--prune", "--dry-run"]);
  const gone = (id: string) => ({ action: "remove", kind: "rules", id, differences: [] });
  expect(dry.changes).toEqual([gone("b"), gone("c")]);
  expect(await changes()).toBe(before);

  // Gone otherwise, and made again by hand: no longer the file's.
  await fetch(`${mars.url}/api/alerts/rules/c`, { method: "DELETE" });
  await apply(named(` { a: ${rule} }`));
  await fetch(`${mars.url}/api/alerts/rules/c`, { method: "PUT", body: '{"sinks":["team"]}', headers });
  const pruned = await apply(`prune: true\n${named(` { a: ${rule} }`)}`);
  expect(pruned.changes).toEqual([gone("b")]);
  expect((await apply(named(` { a: ${rule} }`), ["--prune", "--fail"])).changes).toEqual([]);
  expect((await fetch(`${mars.url}/api/alerts/rules/c`)).status).toBe(200);

  // Another file that declares a thing has it from then on.
  await apply(`name: others\nrules: { a: ${rule} }\n`);
  expect((await apply(named(" {}"), ["--prune"])).changes).toEqual([]);
  const unnamed = await apply("rules: {}\n", ["--prune"]);
  expect(unnamed).toMatchObject({ exitCode: 2 });
  expect(unnamed.stderr).toContain("--prune needs a name: in the file");
});

test("a silence is declared by its name, is changed and removed, and does not come back after its end", async () => {
  const file = (members: string) => `name: quiet\nsilences:\n  deploy: ${members}\n`;
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const made = await apply(file(`{ rule: stuck, until: ${until} }`));
  expect(made.changes).toMatchObject([{ action: "create", kind: "silences", id: "deploy" }]);
  expect((await apply(file(`{ rule: stuck, until: ${until} }`), ["--fail"])).exitCode).toBe(0);
  const changed = await apply(file(`{ rule: stuck, comment: Again, until: ${until} }`));
  expect(changed.changes).toMatchObject([
    { action: "change", id: "deploy", differences: [{ field: "comment", to: '"Again"' }] },
  ]);
  const { silences } = (await get("/api/alerts/silences")) as { silences?: object[] };
  expect(silences).toMatchObject([{ id: 1, name: "deploy", rule: "stuck", comment: "Again", active: true }]);
  expect((await apply(file("{ for: 1h }"))).stderr).toContain("silences.deploy.until must be");
  const ended = await apply(file("{ rule: stuck, until: 2026-01-01T00:00:00Z }"));
  expect(ended.changes).toMatchObject([{ action: "remove", kind: "silences", id: "deploy" }]);
  expect((await apply(file("{ rule: stuck, until: 2026-01-01T00:00:00Z }"), ["--fail"])).exitCode).toBe(0);
  await apply(file(`{ until: ${until} }`));
  expect((await apply("name: quiet\n", ["--prune"])).changes).toMatchObject([
    { action: "remove", id: "deploy" },
  ]);
});

test("what cannot be applied is refused with its place, and nothing of it is applied", async () => {
  const before = await changes();
  const missing = await apply("sinks: { new: { type: topic } }\nrules:\n  r: { sinks: [nowhere] }\n");
  expect(missing).toMatchObject({ exitCode: 1, stdout: "" });
  expect(missing.stderr).toContain("stdin:3: rules.r.sinks names the sink nowhere, which is not there");
  const wrong = await apply("rules:\n  r: { sinks: [live], at_least: many }\n");
  expect(wrong).toMatchObject({ exitCode: 2, stdout: "" });
  expect(wrong.stderr).toContain("stdin:2: rules.r.at_least must be");
  expect(await changes()).toBe(before);
  const refused = await apply("sinks: { low: { type: webhook, url: 'http://127.0.0.1:9/' } }\n");
  expect(refused.stderr).toMatch(/stdin:1: sinks.low is not applied.*\n.*url must have port 80/);
});

test("a hang-up applies the file again, and a broken one changes nothing and is in the health", async () => {
  const log = () => Bun.file(join(directory, "log")).text();
  await Bun.write(file, text(3).replace("64MiB", "65MiB"));
  process.kill(mars.pid, "SIGHUP");
  await until(async () => (await get("/api/alerts/rules/stuck")).at_least === 3);
  expect(await log()).toMatch(/"event":"restart_needed".*MARS_JOURNAL_MAX/);

  await Bun.write(file, `${text(4)}\nrules: {}\n`);
  process.kill(mars.pid, "SIGHUP");
  await until(async () =>
    /"event":"config_not_applied".*mars\.yaml:\d+: Map keys must be unique/.test(await log()),
  );
  expect((await get("/api/alerts/rules/stuck")).at_least).toBe(3);
  const ready = await fetch(`${mars.url}/readyz`);
  expect(ready.status).toBe(200);
  expect(await ready.text()).toContain("mars.yaml is not applied, 1 times since the start");
  const metrics = async () => await (await fetch(`${mars.url}/metrics`)).text();
  expect(await metrics()).toMatch(/^mars_config_applied 0$.*^mars_config_failures_total 1$/ms);
  const appliedAt = async () =>
    Number(/^mars_config_applied_timestamp_seconds (.+)$/m.exec(await metrics())?.[1]) * 1_000;
  const brokenAt = Date.now();
  expect(await appliedAt()).toBeWithin(brokenAt - 60_000, brokenAt);

  await Bun.write(file, text(4));
  process.kill(mars.pid, "SIGHUP");
  await until(async () => (await get("/api/alerts/rules/stuck")).at_least === 4);
  await until(async () => !(await (await fetch(`${mars.url}/readyz`)).text()).includes("not applied"));
  expect(await metrics()).toMatch(/^mars_config_applied 1$/m);
  expect(await appliedAt()).toBeWithin(brokenAt, Date.now() + 1);
});

test("a key is declared by a text that Mars never gets, last of all, and its change ends the former", async () => {
  const declared = `
views:
  Late orders: { address: /messages?app_id=shop&state=overdue }
  All: /messages
keys:
  old: { kind: in, apps: [shop], name: old, expires_at: 2026-01-01T00:00:00Z, token_sha256: ${"0f".repeat(32)} }
  ci: { kind: ad, apps: ["*"], name: CI, token: { env: CI_TOKEN } }
`;
  const status = async (key?: string) => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return (await fetch(`${mars.url}/api/keys`, { headers })).status;
  };
  const [first, second] = ["1".repeat(40), "2".repeat(40)];
  // Without any key anyone may do this, and with the first one no more.
  const made = await apply(declared, [], { CI_TOKEN: first });
  expect(made.changes.map(({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`)).toEqual([
    "views Late orders",
    "views All",
    "keys old",
    "keys ci",
  ]);
  expect([await status(), await status(first)]).toEqual([401, 200]);
  // The key's views are its own; else nothing differs.
  const again = await apply(declared, [], { CI_TOKEN: first, MARS_KEY: first });
  expect(again.changes.map(({ kind }: { kind: string }) => kind)).toEqual(["views", "views"]);
  const rotated = await apply(declared, [], { CI_TOKEN: second, MARS_KEY: first });
  const token = { field: "token", from: '"(hidden)"', to: '"(changed)"' };
  expect(rotated).toMatchObject({ exitCode: 0, changes: [{ kind: "keys", differences: [token] }] });
  expect([await status(first), await status(second)]).toEqual([401, 200]);
  const short = await apply(declared, [], { CI_TOKEN: "short", MARS_KEY: second });
  expect(short).toMatchObject({ exitCode: 2, stdout: "" });
  expect(short.stderr).toContain("keys.ci.token must name a text of 32 characters or more");
  const clear = "keys: { ci: { kind: ad, apps: ['*'], name: CI, token: mars_ad_1 } }";
  expect((await apply(clear)).stderr).toContain("keys.ci.token must be { env: NAME } or { file: PATH }");
});

test("a start with a declaration that cannot be ends with its place, and touches nothing", async () => {
  await Bun.write(join(directory, "wrong.yaml"), "rules:\n  r: {}\n");
  const child = Bun.spawn([...command(["serve"]), "--config", "wrong.yaml"], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? "", MARS_DATA_DIR: join(directory, "other") },
    stderr: "pipe",
  });
  expect(await child.exited).toBe(2);
  expect(await child.stderr.text()).toContain("mars: wrong.yaml:2: rules.r.sinks must be a list of");
  expect(await Bun.file(join(directory, "other", "messages.db")).exists()).toBe(false);
});
