/**
 * Raw libSQL: the rows that Mars would store, by the best statements there are, from one process that does nothing else.
 * Nothing is looked up, since every message and event is known to be new, and nothing can conflict. Schema, settings
 * and checkpoints are those of Mars.
 *
 *     bun bench/controls/raw-store.ts --seconds N [--dir DIR] [--batch EVENTS]
 *
 * Fills a new database with messages of random ids and five events each. Prints `{"events":n,"seconds":s}`.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createClient } from "@libsql/client";
import { storeMigrations } from "../../src/gen/sql.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string" },
    dir: { type: "string" },
    batch: { type: "string", default: "20000" },
  },
});
const milliseconds = Number(values.seconds) * 1000;
const batchEvents = Number(values.batch);
if (!(milliseconds > 0) || !(batchEvents > 0))
  throw new Error("--seconds and --batch take a positive number");

const stages = ["CREATED", "ACCEPTED", "QUEUED", "SENT", "DELIVERED"];
const checkpointEvents = 20_000;

/**
 * Rows as the keys of a JSON object, numbers padded to 17 characters: measured against arrays looked into by `->>` (half
 * as much again), bound rows of `VALUES` (twice as much) and fixed records in a blob (the same).
 */
const number = (n: number) => `CAST(substr(key, ${17 * n + 1}, 17) AS INTEGER)`;
const insertMessages = `INSERT INTO messages (app_id, message_id, id, alias, created_at, updated_at, received_at)
  SELECT value, substr(key, 69), CAST(key AS INTEGER), CAST(key AS INTEGER), ${number(1)}, ${number(2)}, ${number(3)}
  FROM json_each(?1)`;
const insertEvents = `INSERT INTO events
    (message, seq, event, created_at, received_at, event_id, external_id, attributes, duplicates)
  SELECT ${number(1)}, CAST(key AS INTEGER), substr(key, 69), ${number(2)}, ${number(3)}, '', '', '', 0
  FROM json_each(?1)`;
const movePosition =
  "INSERT OR REPLACE INTO positions (journal_id, continues_from, seq) VALUES ('raw', ?, ?)";

const directory = values.dir ?? (await mkdtemp(join(tmpdir(), "mars-raw-")));
await mkdir(directory, { recursive: true });
const client = createClient({ url: `file:${join(directory, "raw.db")}`, concurrency: 1 });
for (const pragma of [
  "journal_mode = WAL",
  "synchronous = NORMAL",
  "wal_autocheckpoint = 0",
  "journal_size_limit = 67108864",
  "cache_size = -65536",
  "temp_store = MEMORY",
]) {
  await client.execute(`PRAGMA ${pragma}`);
}
for (const { sql } of storeMigrations) await client.executeMultiple(sql);

let seq = 0;
let checkpointed = 0;
const started = performance.now();
let elapsed = 0;
while (elapsed < milliseconds) {
  const from = seq;
  const { messages, events } = makeRows();
  await client.batch(
    [
      { sql: movePosition, args: [from === 0 ? seq : from, seq] },
      { sql: insertMessages, args: [messages] },
      { sql: insertEvents, args: [events] },
    ],
    "write",
  );
  if (seq - checkpointed >= checkpointEvents) {
    await client.execute("PRAGMA wal_checkpoint(PASSIVE)");
    checkpointed = seq;
  }
  elapsed = performance.now() - started;
}
client.close();
if (values.dir === undefined) await rm(directory, { recursive: true });
process.stdout.write(`${JSON.stringify({ events: seq, seconds: elapsed / 1000 })}\n`);

/** The next batch, cheaply: its times are the same for all messages, and nothing in it needs escaping. */
function makeRows(): { messages: string; events: string } {
  const now = Date.now() * 1000;
  const received = pad(now);
  const tails = stages.map((stage, n) => `${pad(now + n)}${received}${stage}":null`);
  const times = pad(now) + pad(now + stages.length - 1) + received;
  const messages: string[] = [];
  const events: string[] = [];
  for (let count = 0; count < batchEvents; count += stages.length) {
    const first = pad(seq + 1);
    messages.push(`"${first}${times}${crypto.randomUUID()}":"bench"`);
    for (const tail of tails) events.push(`"${pad(++seq)}${first}${tail}`);
  }
  return { messages: `{${messages.join(",")}}`, events: `{${events.join(",")}}` };
}

function pad(n: number): string {
  return String(n).padStart(17);
}
