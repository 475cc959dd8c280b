/** What keys need while Mars runs: read once from the database, ended when they expire, their last use stored. */
import type { Supervisor } from "../runtime/supervisor.ts";
import type { Access } from "./access.ts";

/** How late a key may end after it has expired. */
const lookMs = 500;
/** Between two times at which the last uses are stored. */
const flushMs = 60_000;
const retry = { firstMs: 250, lastMs: 5_000 };

/** Runs until the signal aborts. */
export async function runAccess(
  access: Pick<Access, "load" | "expire" | "flush">,
  supervisor: Pick<Supervisor, "loop">,
  signal: AbortSignal,
): Promise<void> {
  const keys = supervisor.loop("keys", retry).run(async () => {
    await access.load();
    await access.flush();
    return flushMs;
  }, signal);
  const expiry = supervisor.loop("key_expiry", retry).run(async () => {
    access.expire();
    return lookMs;
  }, signal);
  await Promise.all([keys, expiry]);
}
