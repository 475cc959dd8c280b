/**
 * Lifecycles that are put again and again, and by those who cannot wait: what a `PUT` costs after hundreds of large versions,
 * what memory they take, and whether one that is put all through a start holds for events that were acknowledged before it.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnMars } from "../support/process.ts";
import { getJson, send, sendBulk, statsWhen } from "../support/rest.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

/** A definition of 60 KiB, with a name that makes it another one. */
function large(name: string): unknown {
  const names = (n: number) => Array.from({ length: 5 }, (_, k) => `${name} ${n} ${k} `.padEnd(250, "x"));
  const stages = Array.from({ length: 45 }, (_, n) => ({ any_of: names(n), optional: true }));
  return { stages: [{ event: "created" }, ...stages], complete_on: [names(0)[0]] };
}

const followed = { stages: [{ event: "created" }, { event: "paid", within: "1s" }], complete_on: ["paid"] };

function put(url: string, app: string, definition: unknown): Promise<Response> {
  return fetch(`${url}/api/apps/${app}/lifecycle`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(definition),
  });
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-lifecycles-"));
  const command = binary === undefined ? {} : { command: [binary] };
  try {
    const figures = await putMany(full ? 400 : 60);
    return `${figures}; ${await putWhileStarting(full ? 5 : 1)}`;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }

  async function putMany(count: number): Promise<string> {
    const mars = await spawnMars({ dataDir, ...command });
    try {
      const took: number[] = [];
      for (let n = 0; n < count; n++) {
        const start = performance.now();
        const answer = await put(mars.url, `deploys-${n % 4}`, large(`v${n}`));
        took.push(performance.now() - start);
        if (answer.status !== 200) throw new Error(`PUT ${n}: ${answer.status} ${await answer.text()}`);
        await answer.arrayBuffer();
      }
      const [first, last] = [median(took.slice(0, 20)), median(took.slice(-20))];
      const status = await readFile(`/proc/${mars.pid}/status`, "utf8");
      const rss = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
      if (last > 3 * first + 10)
        throw new Error(`a PUT took ${first.toFixed(1)} ms at first and ${last.toFixed(1)} ms at last`);
      if (rss > 400) throw new Error(`${rss} MiB resident after ${count} versions`);
      return `${count} versions of 60 KiB: PUT ${first.toFixed(1)} ms at first, ${last.toFixed(1)} ms at last, ${rss} MiB resident`;
    } finally {
      await mars.kill("SIGTERM");
    }
  }

  /** A deploy script puts until it gets 200, from before Mars listens on; the journal holds events that are not stored yet. */
  async function putWhileStarting(rounds: number): Promise<string> {
    let refused = 0;
    for (let round = 0; round < rounds; round++) {
      const app = `started-${round}`;
      const before = await spawnMars({ dataDir, ...command });
      const old = Array.from({ length: 10_000 }, (_, n) => ({
        app_id: app,
        message_id: `m${n}`,
        event: "created",
      }));
      await send(before.url, { app_id: app, message_id: "both", event: "created" });
      await send(before.url, { app_id: app, message_id: "both", event: "paid" });
      await sendBulk(before.url, old);
      await before.kill("SIGKILL");

      const port = before.httpPort;
      const starting = spawnMars({
        dataDir,
        ...command,
        env: { MARS_HTTP_PORT: String(port), MARS_START_GRACE: "off" },
      });
      const url = `http://127.0.0.1:${port}`;
      for (;;) {
        const status = await put(url, app, followed).then(
          (answer) => answer.arrayBuffer().then(() => answer.status),
          () => 0,
        );
        if (status === 200) break;
        if (status !== 0 && status !== 503) throw new Error(`PUT while starting: ${status}`);
        if (status === 503) refused += 1;
        else await Bun.sleep(1);
      }
      const mars = await starting;
      try {
        await send(mars.url, { app_id: app, message_id: "both", event: "created" });
        const seq = await send(mars.url, { app_id: app, message_id: "new", event: "created" });
        await statsWhen(mars.url, ({ projector }) => projector.projected_seq >= seq);
        await Bun.sleep(2_000);
        const { findings } = await getJson<{ findings: { message_id: string }[] }>(
          `${mars.url}/api/findings?app_id=${app}&state=any`,
        );
        const found = findings.map(({ message_id }) => message_id).join(", ");
        if (found !== "new") throw new Error(`found of messages that were there before: ${found}`);
      } finally {
        await mars.kill("SIGTERM");
      }
    }
    return `put in ${rounds} starts (${refused} refusals): nothing found of 10,001 messages from before`;
  }
}

if (import.meta.main) await runAlone(run);
