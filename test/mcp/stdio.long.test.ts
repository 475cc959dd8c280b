/** `mars mcp`, started by the official SDK's client as agents start it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { adminKey, call } from "../access/doors.ts";
import { runCommand } from "../support/command.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { askTool, connect, makeStory, questions } from "./story.ts";

const home = mkdtempSync(join(tmpdir(), "mars-mcp-"));
const main = join(import.meta.dir, "../../src/main.ts");
let mars: TestMars;
let client: Client;

function start(env: Readonly<Record<string, string>>): Promise<Client> {
  const args = ["--no-env-file", main, "mcp"];
  const path = process.env.PATH ?? "";
  return connect(
    new StdioClientTransport({ command: process.execPath, args, cwd: home, env: { PATH: path, ...env } }),
  );
}

beforeAll(async () => {
  mars = await startMars({ adminKey });
  await makeStory(mars);
  client = await start({ MARS_URL: mars.url, MARS_KEY: adminKey });
  await client.listTools();
});
afterAll(async () => {
  await client.close();
  await mars[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

test.each(questions)("%s %o answers as over HTTP", async (name, input, answer, words) => {
  const answered = await askTool(client, name, input);
  expect(answered).toMatchObject(answer);
  for (const word of words) expect(answered.summary).toContain(word);
  expect(JSON.stringify(answered)).toContain(`"link":"${mars.url}/`);
});

test("refusals reach the model: of Mars, of a key, and that no Mars is there", async () => {
  await expect(askTool(client, "lifecycle", { app_id: "none" })).rejects.toThrow("(404)");
  await expect(askTool(client, "funnel", {})).rejects.toThrow("app_id is required");
  const { body } = await call(mars, "POST /api/keys", adminKey, {
    kind: "ro",
    apps: ["other"],
    name: "agent",
  });
  const other = await start({ MARS_URL: mars.url, MARS_KEY: body.token as string });
  await expect(askTool(other, "explain_message", { message_id: "order-1" })).rejects.toThrow(
    "no message with this id",
  );
  expect((await askTool(other, "stuck_now")).stages).toEqual([]);
  await other.close();
  const keyless = await start({ MARS_URL: mars.url });
  await expect(askTool(keyless, "stuck_now")).rejects.toThrow("give a key by MARS_KEY");
  await keyless.close();
  const alone = await start({ MARS_URL: "http://127.0.0.1:1" });
  await expect(askTool(alone, "stuck_now")).rejects.toThrow("cannot reach http://127.0.0.1:1");
  await alone.close();
});

test("a call that the agent cancels is given up, and the next one is answered", async () => {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  using slow = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      if (!request.url.includes("/lifecycle"))
        return Response.json({ apps: [], next_cursor: null, as_of_seq: 0 });
      request.signal.addEventListener("abort", () => ended.resolve());
      begun.resolve();
      return new Promise<Response>(() => undefined);
    },
  });
  const patient = await start({ MARS_URL: `http://127.0.0.1:${slow.port}` });
  const cancel = new AbortController();
  const params = { name: "lifecycle", arguments: { app_id: "shop" } };
  const asked = patient.callTool(params, undefined, { signal: cancel.signal }).then(JSON.stringify, String);
  await begun.promise;
  cancel.abort(new Error("enough"));
  expect(await asked).toContain("enough");
  await ended.promise;
  expect((await askTool(patient, "list_apps")).apps).toEqual([]);
  await patient.close();
});

test("it ends with its pipe, prints nothing else, and says what its flags are", async () => {
  const env = { MARS_URL: mars.url };
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}\n';
  const [ended, help, wrong] = await Promise.all([
    runCommand(["mcp"], { cwd: home, env, stdin: ping }),
    runCommand(["mcp", "--help"], { cwd: home, env }),
    runCommand(["mcp", "--urls", "x"], { cwd: home, env }),
  ]);
  expect([ended.exitCode, ended.stderr, JSON.parse(ended.stdout)]).toEqual([
    0,
    "",
    { jsonrpc: "2.0", id: 1, result: {} },
  ]);
  expect([help.exitCode, help.stdout]).toEqual([0, expect.stringContaining("--key-file <path>")]);
  expect([wrong.exitCode, wrong.stderr]).toEqual([
    2,
    "mars: unknown flag --urls: did you mean --url?\nmars: see mars mcp --help\n",
  ]);
});
