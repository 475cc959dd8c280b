/**
 * The least that a server can do to fan events out: `Bun.serve` publishes to one topic what it is posted. The frames are
 * as long as Mars' are (`--frame-bytes N`) and made beforehand.
 */
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { "frame-bytes": { type: "string", default: "256" } } });
const frame = "x".repeat(Number(values["frame-bytes"]));
const topic = "all";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request, server) {
    if (server.upgrade(request)) return undefined;
    const { events } = (await request.json()) as { events: unknown[] };
    for (const _ of events) server.publish(topic, frame);
    return Response.json({ success: true, accepted: events.length, rejected: 0, seq: 1 });
  },
  websocket: {
    message(socket) {
      socket.subscribe(topic);
      socket.send('{"type":"subscribed"}');
    },
  },
});
process.stdout.write(`control is up: http://127.0.0.1:${server.port}\n`);
