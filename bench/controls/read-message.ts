/**
 * Reads of one message as SQLite allows them: the same driver, two prepared statements and the answer in one process and one thread.
 * Nothing is checked, and no caller waits for another's turn.
 *
 *     bun bench/controls/read-message.ts FILE
 */
import Driver from "libsql";

const [file = ""] = process.argv.slice(2);
const database = new Driver(file, {});
for (const pragma of ["busy_timeout = 5000", "query_only = 1", "cache_size = -32768"])
  database.exec(`PRAGMA ${pragma}`);
const findMessage = database.prepare(
  "SELECT id, created_at, updated_at, event_count FROM messages WHERE message_id = ?1 AND app_id = ?2",
);
const findEvents = database.prepare(
  `SELECT event, created_at, received_at, seq, event_id, external_id, parent_id, attributes, duplicates
  FROM events INDEXED BY events_order WHERE message = ?1 ORDER BY created_at, event, event_id, detail`,
);
/** `/api/apps/{app}/messages/{message}`, whose ids need no decoding here. */
const pattern = /\/api\/apps\/([^/]+)\/messages\/([^/]+)$/;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch({ url }) {
    const [, app = "", id = ""] = pattern.exec(url) ?? [];
    const [message] = findMessage.all(id, app) as { readonly id: number }[];
    if (message === undefined) return new Response("no such message", { status: 404 });
    return Response.json({ app_id: app, message_id: id, ...message, events: findEvents.all(message.id) });
  },
});
process.stdout.write(`control is up: http://127.0.0.1:${server.port}\n`);
