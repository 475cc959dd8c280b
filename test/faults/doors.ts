/**
 * What comes in by the doors and was never meant for them, over raw sockets and on both ports: foreign hosts and pages, trailers,
 * half-closed connections, bytes that are no message. And what a webhook's receiver costs that answers for ever.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { EventRequestSchema } from "../../src/gen/event_pb.ts";
import { frame, WireClient } from "../edge/rpc/wire.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { requestText, sendRaw } from "../support/raw.ts";
import { getJson, send } from "../support/rest.ts";
import { startStrangeReceiver } from "../support/strange-receiver.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

const json = "Content-Type: application/json";
const eventText = (id: string) => `{"app_id":"doors","message_id":"${id}","event":"e"}`;

export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-doors-"));
  const env = { MARS_ALERT_ALLOW: "127.0.0.1" };
  const mars = await spawnMars({ dataDir, env, ...(binary !== undefined && { command: [binary] }) });
  try {
    const figures = [
      await refuseHosts(mars, full ? 2_000 : 200),
      await refusePages(mars, full ? 2_000 : 200),
      await answerTrailersOnce(mars, full ? 200 : 20),
      await answerHalfClosed(mars, full ? 100 : 10),
      await survivePourer(mars),
    ];
    return figures.join("; ");
  } finally {
    await mars.kill("SIGTERM");
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** No event of a request to a foreign host is stored, by either port. */
async function refuseHosts(mars: MarsProcess, count: number): Promise<string> {
  using grpc = new WireClient(mars.grpcPort);
  const path = "/MarsWeb.GrpcService.MarsGrpc/collectEvent";
  for (let n = 0; n < count; n++) {
    const host = `${["evil", "localhost.evil", "127.0.0.1.evil", "mars"][n % 4]}.example${n % 3 === 0 ? ":4000" : ""}`;
    const parts = [requestText("POST /api/event", [`Host: ${host}`, json], eventText("foreign"))];
    const { statuses } = await sendRaw(mars.httpPort, { parts });
    if (statuses.join() !== "421") throw new Error(`host ${host}: ${statuses}`);
    const call = create(EventRequestSchema, { appId: "doors", messageId: "foreign", event: "e" });
    const chunks = [frame(toBinary(EventRequestSchema, call))];
    const { status } = await grpc.call({ path, headers: { ":authority": host }, chunks });
    if (status !== Code.PermissionDenied) throw new Error(`authority ${host}: ${status}`);
  }
  await expectAbsent(mars, "foreign");
  return `${2 * count} foreign hosts refused`;
}

async function refusePages(mars: MarsProcess, count: number): Promise<string> {
  const origins = [
    "Origin: http://evil.example",
    "Origin: null",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
  ];
  const calls: readonly [line: string, body: string][] = [
    ["POST /api/event", eventText("page")],
    ["POST /api/alerts/silences", '{"for":"366d"}'],
    ["PUT /api/apps/doors/lifecycle", "{}"],
    ["DELETE /api/alerts/rules/r", ""],
    ["POST /mars.v1.IngestService/CollectEvent", eventText("page")],
  ];
  for (let n = 0; n < count; n++) {
    const origin = origins[n % origins.length] ?? "";
    const [line, body] = calls[n % calls.length] ?? ["", ""];
    const parts = [requestText(line, ["Host: localhost", origin, ...(n % 2 === 0 ? [json] : [])], body)];
    const { statuses } = await sendRaw(mars.httpPort, { parts });
    if (statuses.join() !== "403") throw new Error(`${line} with ${origin}: ${statuses}`);
  }
  await expectAbsent(mars, "page");
  return `${count} calls of foreign pages refused`;
}

/** One answer at most; 200 and stored, or refused and not stored. */
async function answerTrailersOnce(mars: MarsProcess, count: number): Promise<string> {
  let accepted = 0;
  let refused = 0;
  for (let n = 0; n < count; n++) {
    const id = `trailers-${n}`;
    const body = eventText(id);
    const declared = n % 2 === 0 ? "Trailer: X-T\r\n" : "";
    const head =
      `POST /api/event HTTP/1.1\r\nHost: localhost\r\n${json}\r\n${declared}Transfer-Encoding: chunked\r\n\r\n` +
      `${body.length.toString(16)}\r\n${body}\r\n`;
    const forms = [
      [`${head}0\r\nX-T: 1\r\n\r\n`],
      [`${head}0\r\nX-T: 1\r\n\r\n`],
      [`${head}0\r\n`, "X-T: 1\r\n\r\n"],
      [`${head}0\r\n\r\n`],
    ];
    // Those that come alone and unannounced are Bun's; see docs/reliability.md.
    const parts = (declared === "" && n % 4 === 2 ? forms[0] : forms[n % 4]) ?? [];
    const { statuses } = await sendRaw(mars.httpPort, { parts, pauseMs: 20, timeoutMs: 200 });
    if (statuses.length > 1) throw new Error(`${JSON.stringify(parts)}: answered ${statuses}`);
    if (statuses[0] === 200) accepted++;
    else {
      refused++;
      await expectAbsent(mars, id);
    }
  }
  return `${count} chunked requests with trailers or none: ${accepted} accepted, ${refused} refused and not stored`;
}

/** An answer or none, and never an untrue one. */
async function answerHalfClosed(mars: MarsProcess, count: number): Promise<string> {
  let answered = 0;
  for (let n = 0; n < count; n++) {
    const parts = [requestText("POST /api/event", ["Host: localhost", json], eventText(`half-${n}`))];
    const { statuses, closed } = await sendRaw(mars.httpPort, { parts, halfClose: true, timeoutMs: 2_000 });
    if (!closed || (statuses.length > 0 && statuses.join() !== "200"))
      throw new Error(`half-closed: ${statuses}`);
    answered += statuses.length;
    const read = await sendRaw(mars.httpPort, {
      parts: [requestText("GET /status", ["Host: localhost"])],
      halfClose: true,
    });
    if (read.statuses.join() !== "200") throw new Error(`half-closed GET /status: ${read.statuses}`);
  }
  return `${answered} of ${count} half-closed POSTs answered`;
}

/** A receiver that sends interim answers for ever costs next to nothing, and delays no other. */
async function survivePourer(mars: MarsProcess): Promise<string> {
  await using receiver = await startStrangeReceiver("", "HTTP/1.1 100 Continue\r\n\r\n");
  const call = (method: string, path: string, body?: unknown) =>
    fetch(`${mars.url}/api/alerts/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const put = await call("PUT", "sinks/pourer", { type: "webhook", url: receiver.url });
  if (put.status !== 200) throw new Error(`${put.status} ${await put.text()}`);
  const cpu = await cpuSeconds(mars.pid);
  const started = performance.now();
  const tested = call("POST", "sinks/pourer/test").then((response) => response.json());
  let slowest = 0;
  while (performance.now() - started < 1_000) {
    const asked = performance.now();
    await (await fetch(`${mars.url}/status`)).arrayBuffer();
    slowest = Math.max(slowest, performance.now() - asked);
  }
  const { attempt } = (await tested) as { attempt: { outcome: string; error: string } };
  if (attempt.outcome !== "failed" || !attempt.error.includes("interim"))
    throw new Error(JSON.stringify(attempt));
  const spent = (await cpuSeconds(mars.pid)) - cpu;
  if (slowest > 500)
    throw new Error(`a canary waited ${Math.round(slowest)} ms beside a receiver that answers for ever`);
  return `receiver that answers for ever: given up, canary ${Math.round(slowest)} ms at most, ${spent.toFixed(1)} s of CPU with the canaries`;
}

async function expectAbsent(mars: MarsProcess, id: string): Promise<void> {
  const seq = await send(mars.url, { app_id: "doors", message_id: "after", event: "e" });
  const list = await getJson<{ messages: unknown[] }>(
    `${mars.url}/api/messages?message_id=${id}&min_seq=${seq}`,
  );
  if (list.messages.length > 0) throw new Error(`${id} was refused and is stored`);
}

async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // User and system time, in hundredths.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

if (import.meta.main) await runAlone(run);
