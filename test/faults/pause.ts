/**
 * The process is stopped (SIGSTOP) and goes on: what was sent in time meanwhile waits in its sockets, and must not be called
 * missing; what was not sent must be, once; nothing is deleted.
 *
 *     bun test/faults/pause.ts [--full] [--binary dist/mars]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnMars } from "../support/process.ts";
import { getJson, send, sendBulk } from "../support/rest.ts";
import { until } from "../support/until.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

const graceMs = 2_000;
const paid = 40;
const unpaid = 10;

export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  const pauseMs = full ? 20_000 : 5_000;
  const dataDir = await mkdtemp(join(tmpdir(), "mars-pause-"));
  const mars = await spawnMars({
    dataDir,
    ...(binary !== undefined && { command: [binary] }),
    env: { MARS_START_GRACE: `${graceMs}ms`, MARS_RETENTION: "60s", MARS_LOG_LEVEL: "error" },
  });
  try {
    const response = await fetch(`${mars.url}/api/apps/shop/lifecycle`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        stages: [{ event: "CREATED" }, { event: "PAID", within: "1s" }],
        complete_on: ["PAID"],
        grace: "0s",
      }),
    });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    const created = Array.from({ length: paid + unpaid }, (_, n) => event(n, "CREATED"));
    await sendBulk(mars.url, created);
    process.kill(mars.pid, "SIGSTOP");
    const answers = created.slice(0, paid).map((_, n) => send(mars.url, event(n, "PAID")));
    await Bun.sleep(pauseMs);
    process.kill(mars.pid, "SIGCONT");
    const wokenAt = performance.now();
    await Promise.all(answers);

    const stats = () =>
      getJson<{ projector: { findings: { raised: number; retracted: number } } }>(`${mars.url}/api/q/stats`);
    await until(
      async () => (await stats()).projector.findings.raised >= unpaid,
      () => "what is missing was not found",
    );
    const waitedMs = performance.now() - wokenAt;
    if (waitedMs < graceMs - 50) throw new Error(`raised ${waitedMs} ms after the pause`);
    if (waitedMs > graceMs + 3_000) throw new Error(`raised only ${waitedMs} ms after the pause`);
    // Longer than any later round would take.
    await Bun.sleep(500);
    const { findings } = (await stats()).projector;
    const page = await getJson<{ findings: { message_id: string }[] }>(
      `${mars.url}/api/findings?state=any&limit=1000`,
    );
    const wrong = page.findings.filter(({ message_id }) => Number(message_id.slice(1)) < paid);
    if (wrong.length > 0 || findings.raised !== unpaid || findings.retracted !== 0)
      throw new Error(`false or doubled: ${JSON.stringify({ wrong, findings })}`);
    const { messages } = await getJson<{ messages: unknown[] }>(`${mars.url}/api/messages?limit=1000`);
    if (messages.length !== paid + unpaid) throw new Error(`${messages.length} messages are left`);
    return `stopped for ${pauseMs} ms: ${unpaid} of ${unpaid} found after ${Math.round(waitedMs)} ms, 0 false, 0 doubled, 0 deleted`;
  } finally {
    await mars.kill("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
  }
}

function event(n: number, name: string) {
  return { app_id: "shop", message_id: `m${n}`, event: name, created_at: new Date().toISOString() };
}

if (import.meta.main) await runAlone(run);
