import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { MessageService } from "../../../src/gen/mars/v1/message_service_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

/** Beyond 2^53, and beyond 64 bits. */
const attributes =
  '{"id":9007199254740993,"list":[-12345678901234567890123],"small":1,"text":"9007199254740993"}';
const digits = ["9007199254740993", "-12345678901234567890123"];
const event = (id: string) =>
  `{"app_id":"exact","message_id":"${id}","event":"sent","created_at":"2026-01-31T12:00:00Z","attributes":${attributes}}`;

async function send(path: string, type: string, body: string): Promise<number> {
  const response = await fetch(mars.url + path, { method: "POST", headers: { "content-type": type }, body });
  const text = await response.text();
  expect([response.status, text]).toEqual([200, expect.stringContaining("true")]);
  return (JSON.parse(text) as { seq: number }).seq;
}

const textOf = async (path: string) => (await fetch(mars.url + path)).text();

describe("integers beyond 2^53 in attributes", () => {
  test("keep their digits through every door and in every answer", async () => {
    const many = Array.from({ length: 400 }, (_, n) => event(`many-${n}`));
    await send("/api/event", "application/json", event("one"));
    await send("/api/event/bulk", "application/json", `{"events":[${event("bulk")}]}`);
    await send("/api/event/bulk", "application/json", `{"events":[${many.join()}]}`);
    await send("/api/event/bulk", "application/x-ndjson", `${event("lines")}\n`);
    const cloudEvent = `{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"cloud","data":${attributes}}`;
    const seq = await send("/api/cloudevents?app_id=exact", "application/cloudevents+json", cloudEvent);
    for (const id of ["one", "bulk", "many-399", "lines", "cloud"]) {
      for (const path of [`/api/apps/exact/messages/${id}`, `/api/apps/exact/messages/${id}/events`]) {
        const text = await textOf(`${path}?min_seq=${seq}`);
        for (const one of digits) expect([id, text]).toEqual([id, expect.stringContaining(one)]);
      }
    }
    // Sent again by another door, it is the same event.
    const again = await send("/api/event/bulk", "application/x-ndjson", `${event("one")}\n`);
    const text = await textOf(`/api/apps/exact/messages/one?min_seq=${again}`);
    expect(JSON.parse(text).events).toHaveLength(1);
    expect(JSON.parse(text).events[0].duplicates).toBe(1);
  });

  test("come by OTLP, and go by topics", async () => {
    const stream = await fetch(`${mars.url}/api/stream?topic=apps/exact`);
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = (await reader.read()).value ?? "";
    const record = {
      eventName: "sent",
      attributes: [
        { key: "mars.message_id", value: { stringValue: "otlp" } },
        { key: "id", value: { intValue: "9007199254740993" } },
      ],
    };
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "exact" } }] };
    await fetch(`${mars.url}/v1/logs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] }),
    });
    while (!seen.includes('"otlp"')) seen += (await reader.read()).value ?? "";
    expect(seen).toContain('"id":9007199254740993');
    await reader.cancel();
  });

  test("are texts over RPC, whose numbers are doubles", async () => {
    const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${mars.grpcPort}` });
    const answer = await createClient(MessageService, transport).getMessage({
      appId: "exact",
      messageId: "one",
    });
    expect(answer.message?.events[0]?.attributes).toEqual({
      id: "9007199254740993",
      list: ["-12345678901234567890123"],
      small: 1,
      text: "9007199254740993",
    });
  });
});
