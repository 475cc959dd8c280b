/** The client against a server that answers as each test says; `npm run test:clients` has the real one. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BufferError, Mars } from "../dist/mars.js";

/** Answers in turn; the last one stays. */
let answers = [];
let requests = [];
const server = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const events = body
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  requests.push({ events, key: request.headers.authorization, at: performance.now(), url: request.url });
  const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? accepted;
  const { status, headers = {}, body: content } = answer(events);
  response.writeHead(status, headers).end(JSON.stringify(content));
});
await once(server.listen(0, "127.0.0.1"), "listening");
const url = `http://127.0.0.1:${server.address().port}`;
const directories = [];
after(() => {
  server.close();
  for (const directory of directories) rmSync(directory, { recursive: true });
});

const accepted = (events) => ({ status: 200, body: { success: true, accepted: events.length, rejected: 0 } });

function open(options = {}, ...given) {
  answers = given;
  requests = [];
  return new Mars({ url, app_id: "shop", ...options });
}

function temporary() {
  directories.push(mkdtempSync(join(tmpdir(), "mars-buffer-")));
  return directories.at(-1);
}

const received = () => requests.flatMap(({ events }) => events.map(({ event }) => event));

test("an event has its message, the context, an id and a time", async () => {
  const mars = open({ key: "k", attributes: { region: "eu" } });
  const order = mars.message("order-1", { attributes: { total: 1 }, external_id: "SAP-1" });
  const id = order.event("paid", { attributes: { total: 2 }, parent_id: "cart", traceparent: "00-a-b-01" });
  assert.ok(await mars.close());
  const { created_at, ...event } = requests[0].events[0];
  assert.deepEqual(event, {
    app_id: "shop",
    message_id: "order-1",
    event: "paid",
    event_id: id,
    external_id: "SAP-1",
    parent_id: "cart",
    traceparent: "00-a-b-01",
    attributes: { region: "eu", total: 2 },
  });
  assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 5_000);
  assert.deepEqual([requests[0].key, requests[0].url], ["Bearer k", "/api/event/bulk"]);
});

test("events go out together, no batch larger than its bound", async () => {
  const mars = open();
  for (let n = 0; n < 2_400; n++) mars.message("m").event(`E_${n}`);
  assert.ok(await mars.close());
  assert.deepEqual(
    requests.map(({ events }) => events.length),
    [1_000, 1_000, 400],
  );
});

test("a busy server gets the same event_id again, after Retry-After", async () => {
  const busy = () => ({
    status: 429,
    headers: { "retry-after": "1" },
    body: { success: false, detail: "busy" },
  });
  const errors = [];
  const mars = open(
    { onError: ({ message }) => errors.push(message) },
    busy,
    () => ({ status: 503 }),
    accepted,
  );
  mars.message("m").event("paid");
  while (requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(new Set(requests.map(({ events }) => events[0].event_id)).size, 1);
  assert.ok(requests[1].at - requests[0].at >= 990);
  assert.match(errors.join(), /429 busy.*503/);
  assert.ok(await mars.close());
  assert.deepEqual(mars.counts, { accepted: 1, refused: 0, delivered: 1, rejected: 0, failed: 2 });
});

test("an event that Mars rejects is reported once, and never sent again", async () => {
  const rejections = [];
  const some = {
    status: 207,
    body: {
      success: false,
      accepted: 2,
      rejected: 1,
      errors: [{ index: 1, field: "event", message: "bad" }],
    },
  };
  const mars = open(
    { onRejected: (event, problems) => rejections.push([event.event, problems]) },
    () => some,
  );
  for (const name of ["a", "b", "c"]) mars.message("m").event(name);
  assert.ok(await mars.close());
  assert.deepEqual(rejections, [["b", [{ field: "event", message: "bad" }]]]);
  assert.deepEqual([requests.length, mars.counts.delivered], [1, 2]);
});

test("where Mars lists only some rejections, the events behind them are sent again", async () => {
  const cut = {
    status: 422,
    body: {
      success: false,
      rejected: 3,
      errors: [
        { index: 0, field: "x", message: "" },
        { index: 1, field: "x", message: "" },
      ],
    },
  };
  const rejections = [];
  const mars = open({ onRejected: ({ event }) => rejections.push(event) }, () => cut, accepted);
  for (const name of ["a", "b", "c"]) mars.message("m").event(name);
  assert.ok(await mars.close());
  assert.deepEqual(
    [rejections, received()],
    [
      ["a", "b"],
      ["a", "b", "c", "c"],
    ],
  );
});

test("a body that is too large is halved, down to the one event that is rejected", async () => {
  const rejections = [];
  const tooLarge = (events) =>
    events.some(({ event }) => event === "c") ? { status: 413, body: null } : accepted(events);
  const mars = open({ onRejected: ({ event }) => rejections.push(event) }, tooLarge);
  for (const name of ["a", "b", "c", "d"]) mars.message("m").event(name);
  assert.ok(await mars.close());
  assert.deepEqual([rejections, mars.counts.delivered], [["c"], 3]);
});

test("a wrong key loses nothing", async () => {
  const mars = open(
    {},
    () => ({ status: 401 }),
    () => ({ status: 403 }),
    accepted,
  );
  mars.message("m").event("paid");
  while (mars.counts.delivered === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(mars.counts.failed, 2);
  await mars.close();
});

test("a full buffer refuses the event and says so", async () => {
  for (const bufferDir of [undefined, temporary()]) {
    const mars = open({ bufferDir, bufferBytesMax: 500 }, () => ({ status: 503 }));
    assert.throws(() => {
      for (let n = 0; n < 10; n++) mars.message("m").event("paid");
    }, BufferError);
    assert.ok(mars.counts.accepted > 0 && mars.counts.refused === 1);
    assert.equal(await mars.close(50), false);
  }
});

test("what is no event is refused at the call", async () => {
  const mars = open();
  assert.throws(() => mars.message("").event("paid"), TypeError);
  assert.throws(() => mars.message("m").event("paid", { attributes: { n: 1n } }), TypeError);
  await mars.close();
});

test("what close could not send, the next client sends, and leaves no file", async () => {
  const bufferDir = temporary();
  const first = open({ bufferDir }, () => ({ status: 503 }));
  first.message("m").event("paid");
  assert.equal(await first.close(50), false);
  for (const name of readdirSync(bufferDir)) utimesSync(join(bufferDir, name), 0, 0);
  const next = open({ bufferDir });
  assert.ok(await next.close());
  assert.deepEqual([received(), readdirSync(bufferDir)], [["paid"], []]);
});

test("half a line at the end of a file was not accepted", async () => {
  const bufferDir = temporary();
  const path = join(bufferDir, "left.ndjson");
  writeFileSync(path, `${JSON.stringify({ event: "whole" })}\n`);
  appendFileSync(path, '{"event":"ha');
  utimesSync(path, 0, 0);
  const mars = open({ bufferDir });
  assert.ok(await mars.close());
  assert.deepEqual([received(), readdirSync(bufferDir)], [["whole"], []]);
});

test("the files of a living process are left to it, those of a killed one are sent", async () => {
  const bufferDir = temporary();
  const code = `import { Mars } from ${JSON.stringify(new URL("../dist/mars.js", import.meta.url).href)};
    new Mars({ url: "http://127.0.0.1:9", app_id: "shop" }).message("m").event("paid");
    console.log("up"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    env: { ...process.env, MARS_BUFFER_DIR: bufferDir },
  });
  await once(child.stdout, "data");
  const mars = open({ bufferDir });
  await new Promise((resolve) => setTimeout(resolve, 7_000));
  assert.deepEqual(received(), []);
  child.kill("SIGKILL");
  while (received().length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(await mars.close());
  assert.deepEqual([received(), readdirSync(bufferDir)], [["paid"], []]);
});

test("a process that ends by itself sends what it has", async () => {
  requests = [];
  answers = [];
  const code = `import { Mars } from ${JSON.stringify(new URL("../dist/mars.js", import.meta.url).href)};
    new Mars({ url: ${JSON.stringify(url)}, app_id: "shop" }).message("m").event("paid");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code]);
  assert.deepEqual(await once(child, "exit"), [0, null]);
  assert.deepEqual(received(), ["paid"]);
});
