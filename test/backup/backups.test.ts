/** When a backup is given up, so that nothing waits for it. */
import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { Backups, stallMs } from "../../src/backup/backups.ts";
import { MarsError } from "../../src/core/error.ts";

/** A journal of 100 bytes, and a thread whose database has no end. */
function backups() {
  const journal = {
    id: "j",
    bytes: 10,
    bytesMax: 100,
    held: undefined as number | undefined,
    hold(seq?: number) {
      journal.held = seq;
    },
    async *records() {},
  };
  let stopped = 0;
  const client = {
    open: async () => ({ seq: 7, schemaVersion: 1 }),
    database: async () => new Uint8Array(10),
    closeDatabase: async () => {},
    file: async () => new Uint8Array(0),
    end: async () => new Uint8Array(0),
  };
  const made = new Backups({
    start: () => ({ client, stop: async () => void stopped++ }),
    journal,
    acknowledged: async () => 9,
    readKeys: async () => undefined,
    audit: async () => {},
    version: "test",
    log: { info() {}, warn() {} },
  });
  return { made, journal, stopped: () => stopped };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test("the journal keeps what came since, until the backup ends", async () => {
  const { made, journal, stopped } = backups();
  const pieces = await made.begin();
  await pieces.next();
  expect(journal.held).toBe(7);
  await expect(made.begin()).rejects.toThrow("another backup runs");
  await pieces.return?.();
  expect([journal.held, stopped(), made.stats.running, made.stats.failures]).toEqual([
    undefined,
    1,
    false,
    1,
  ]);
  await (await made.begin()).return?.();
  expect(stopped()).toBe(2);
});

test("it is given up when the journal is half full", async () => {
  const { made, journal, stopped } = backups();
  const pieces = await made.begin();
  journal.bytes = 51;
  jest.advanceTimersByTime(1_000);
  expect([journal.held, stopped()]).toEqual([undefined, 1]);
  await pieces.next();
  await expect(pieces.next()).rejects.toThrow("half full");
  expect(made.stats).toMatchObject({
    running: false,
    failures: 1,
    last_error: expect.stringContaining("half full"),
  });
});

test("it is given up when its reader takes nothing", async () => {
  const { made, journal } = backups();
  await made.begin();
  jest.advanceTimersByTime(stallMs - 1_000);
  expect(journal.held).toBe(7);
  jest.advanceTimersByTime(1_000);
  expect(journal.held).toBeUndefined();
  await Promise.resolve();
  expect(made.stats).toMatchObject({ running: false, failures: 1 });
});

test("a Mars that stops ends it, and begins no other", async () => {
  const { made, stopped } = backups();
  const pieces = await made.begin();
  await pieces.next();
  made.close(new MarsError("draining", "mars is stopping"));
  expect(stopped()).toBe(1);
  await expect(pieces.next()).rejects.toThrow("mars is stopping");
  await expect(made.begin()).rejects.toThrow();
});
