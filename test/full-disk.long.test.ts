/** A disk that is full, and then is not: the process's own limit on file sizes, which makes every write past it fail. */
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBeside } from "./support/beside.ts";
import { spawnMars } from "./support/process.ts";
import { getJson, postJson, statsWhen } from "./support/rest.ts";
import { until } from "./support/until.ts";

/** KiB that a file may have: more than a new database takes. Without the trap the kernel would end the process instead of failing the write. */
const limited = [
  "bash",
  "-c",
  'trap "" XFSZ; ulimit -S -f 4096; exec "$0" "$@"',
  process.execPath,
  "src/main.ts",
];

test.skipIf(process.platform !== "linux")(
  "what a full disk cannot take is refused, what was acknowledged is stored once there is room",
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "mars-full-"));
    const mars = await spawnMars({ dataDir, command: limited, env: { MARS_LOG_LEVEL: "error" } });
    let acknowledged = 0;
    let refused = 0;
    let n = 0;
    const sendOne = async () => {
      const events = Array.from({ length: 200 }, () => ({
        app_id: "full",
        message_id: `m${n}`,
        event: `E${n++}`,
      }));
      const response = await postJson(`${mars.url}/api/event/bulk`, { events });
      const answer = (await response.json()) as { success: boolean; detail?: string };
      if (answer.success) {
        acknowledged += events.length;
        return;
      }
      refused += events.length;
      expect([response.status, answer.detail]).toEqual([503, "the journal cannot be written"]);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    };

    for (let round = 0; refused === 0 && round < 500; round++) await sendOne();
    expect(refused).toBeGreaterThan(0);
    expect(await getJson(`${mars.url}/status`)).toEqual({ status: "up" });
    const ready = () => fetch(`${mars.url}/readyz`);
    expect(await (await ready()).json()).toMatchObject({
      status: 503,
      detail: "the journal cannot be written",
    });

    Bun.spawnSync(["prlimit", "--pid", String(mars.pid), "--fsize=unlimited"]);
    // A Mars that is unready gets no events: it finds out by itself.
    await until(
      async () => (await ready()).status === 200,
      () => "not ready again",
    );
    const before = acknowledged;
    await sendOne();
    expect(acknowledged).toBeGreaterThan(before);
    await statsWhen(mars.url, ({ store }) => store.behind === 0 && store.last_error === "");
    expect(await mars.kill("SIGTERM")).toBe(0);

    const client = openBeside({ dataDir });
    const { rows } = await client.execute(
      "SELECT count(*) AS events, sum(duplicates) AS repeats FROM events",
    );
    client.close();
    expect([rows[0]?.events, rows[0]?.repeats]).toEqual([acknowledged, 0]);
    await rm(dataDir, { recursive: true, force: true });
  },
);
