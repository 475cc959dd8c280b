/** The least that a server can do for REST: Hono, the body parsed, an answer of the same size. Nothing is kept. */
import { Hono } from "hono";

const app = new Hono();
app.post("/api/event", async (c) => {
  const { event } = await c.req.json<{ event: string }>();
  return c.json({ success: event !== "", seq: 1 });
});
app.post("/api/event/bulk", async (c) => {
  const { events } = await c.req.json<{ events: unknown[] }>();
  return c.json({ success: true, accepted: events.length, rejected: 0, seq: 1 });
});

const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: app.fetch });
process.stdout.write(`control is up: http://127.0.0.1:${server.port}\n`);
