/**
 * A Mars of this version starts on the data directory of an earlier one, which was killed while its journal was half stored. What the
 * earlier one had answered holds, and what it had only accepted is stored and judged. `make.ts` makes such directories.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../scripts/release/command.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { until } from "../support/until.ts";

// biome-ignore lint/suspicious/noExplicitAny: the answers of two versions.
type Answer = any;

describe.each(["first-schema"])("the directory of %s", (name) => {
  let seq: number;
  let answers: Readonly<Record<string, Answer>>;
  const work = mkdtempSync(join(tmpdir(), "mars-upgrade-"));
  let mars: MarsProcess;

  beforeAll(async () => {
    run(["tar", "-xzf", join(import.meta.dir, `${name}.tar.gz`), "-C", work]);
    ({ seq, answers } = JSON.parse(readFileSync(join(work, "answers.json"), "utf8")));
    mars = await spawnMars({
      dataDir: join(work, "data"),
      // Its messages are of a day that grows ever older.
      env: { MARS_START_GRACE: "off", MARS_RETENTION: "off", MARS_LOG_LEVEL: "error" },
    });
  });

  afterAll(async () => {
    await mars?.kill("SIGTERM");
    rmSync(work, { recursive: true, force: true });
  });

  test("every message that it had stored is there, with its events as they were", async () => {
    const { messages } = await get(`/api/messages?app_id=shop&limit=1000&min_seq=${seq}`);
    const former: Answer[] = answers["/api/messages?app_id=shop&limit=1000"].messages;
    expect(former.length).toBe(30);
    for (const { message_id, created_at, external_ids, stages } of former) {
      const found = messages.find((one: Answer) => one.message_id === message_id);
      expect(found).toMatchObject({ message_id, created_at, external_ids });
      expect(found.stages.slice(0, stages.length)).toEqual(stages);
    }
    for (const path of Object.keys(answers).filter((one) => one.includes("/messages/"))) {
      const { lifecycle, as_of_seq, state, ...before } = answers[path];
      expect(await get(path)).toMatchObject(before);
    }
  });

  test("what it had accepted and not stored is stored", async () => {
    const { messages, as_of_seq } = await get(`/api/messages?app_id=shop&limit=1000&min_seq=${seq}`);
    expect(as_of_seq).toBeGreaterThanOrEqual(seq);
    expect(messages.length).toBe(40);
    const complete = async () => (await get("/api/messages?app_id=shop&limit=1000&state=complete")).messages;
    await until(async () => (await complete()).length >= 22);
    expect((await complete()).map(({ message_id }: Answer) => message_id).sort()).toEqual(ids(0, 22));
  });

  test("its findings are there by their ids, and those of what was accepted are raised once", async () => {
    const former: Answer[] = answers["/api/findings?app_id=shop"].findings;
    const found = async (): Promise<Answer[]> =>
      (await get("/api/findings?app_id=shop&state=any&limit=1000")).findings;
    const missing = async () => {
      const all = await found();
      return all.filter(
        ({ kind, stage, state }) => kind === "missing" && stage === "paid" && state === "current",
      );
    };
    // 22 to 28 but for 25, which was paid at last, and 30 to 39.
    await until(async () => (await missing()).length >= 16);
    const stuck = [...ids(22, 25), ...ids(26, 29), ...ids(30, 40)];
    expect((await missing()).map(({ message_id }) => message_id).sort()).toEqual(stuck.sort());
    const now = await found();
    for (const { id, message_id, kind, stage, due_at, raised_at, state } of former) {
      const changed = message_id === "order-25" ? "retracted" : state;
      const match = { message_id, kind, stage, due_at, raised_at, state: changed };
      expect(now.find((one) => one.id === id)).toMatchObject(match);
    }
  });

  test("its lifecycle, rule, sink and incident are there", async () => {
    const { version, lifecycle } = answers["/api/apps/shop/lifecycle"];
    expect(await get("/api/apps/shop/lifecycle")).toMatchObject({ version, lifecycle });
    for (const path of ["/api/alerts/rules", "/api/alerts/sinks"]) {
      const { next_cursor, ...before } = answers[path];
      expect(await get(path)).toMatchObject(before);
    }
    const { incidents } = await get("/api/alerts/incidents?state=any");
    expect(incidents).toContainEqual(expect.objectContaining({ id: 1, rule: "stuck", app_id: "shop" }));
  });

  test("its database is whole, and goes on after its last seq", async () => {
    const event = { app_id: "shop", message_id: "order-40", event: "created" };
    const response = await fetch(`${mars.url}/api/event`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(event),
    });
    expect(((await response.json()) as Answer).seq).toBeGreaterThan(seq);
    await mars.kill("SIGTERM");
    const doctor = run([process.execPath, "src/main.ts", "doctor", "--data-dir", join(work, "data")]);
    expect(doctor).toContain("nothing is wrong");
  });

  async function get(path: string): Promise<Answer> {
    const response = await fetch(mars.url + path);
    expect([path, response.status]).toEqual([path, 200]);
    return response.json();
  }
});

function ids(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, n) => `order-${from + n}`).sort();
}
