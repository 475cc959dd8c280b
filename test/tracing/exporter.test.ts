/** The queue of spans: what is sent again, what is dropped and counted, and what a stop still sends. */
import { expect, test } from "bun:test";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { SpanExporter } from "../../src/tracing/exporter.ts";
import { isSampled } from "../../src/tracing/sampler.ts";
import type { Span } from "../../src/tracing/span.ts";
import { startReceiver } from "../support/receiver.ts";
import { until } from "../support/until.ts";
import { spansIn } from "./spans.ts";

const span: Span = {
  ...{ traceId: "a".repeat(32), spanId: "b".repeat(16), parentId: "", name: "store", kind: "internal" },
  ...{ beganAt: 1, endedAt: 2, failed: false, fields: {} },
};

function open(endpoint: string) {
  const lines: unknown[] = [];
  const keep = (_message: string, fields?: object) => void lines.push(fields);
  const log = { debug: keep, info: keep, warn: keep, error: keep };
  const supervisor = new Supervisor({ log });
  const options = { endpoint, headers: {}, service: "mars", version: "test", supervisor, log };
  return { exporter: new SpanExporter(options), supervisor, lines };
}

test("a full queue drops what comes, with a line of the log, while the collector is away", async () => {
  await using collector = startReceiver((index) => new Response("", { status: index === 0 ? 503 : 200 }));
  const { exporter, lines, supervisor } = open(collector.url);
  for (let n = 0; n < 3_000; n++) exporter.add(span);
  expect(exporter.stats).toEqual({ sent: 0, dropped: 952, waiting: 2_048, waiting_max: 2_048 });
  expect(lines).toContainEqual(expect.objectContaining({ event: "spans_dropped", dropped: 1 }));
  await collector.count(1);
  await until(() => supervisor.stats().spans?.failures === 1);
  // A stop ends the pause, and sends them.
  await exporter.stop();
  expect(exporter.stats).toMatchObject({ sent: 2_048, dropped: 952, waiting: 0 });
  expect(collector.received.slice(1).map((request) => spansIn(request).length)).toEqual([512, 512, 512, 512]);
});

test("what the collector refuses is dropped, and so is what is left at a stop without one", async () => {
  await using collector = startReceiver(() => new Response("", { status: 400 }));
  const refused = open(collector.url);
  refused.exporter.add(span);
  await refused.exporter.stop();
  const away = open("http://127.0.0.1:9");
  away.exporter.add(span);
  await away.exporter.stop();
  for (const { exporter, supervisor } of [refused, away]) {
    expect(exporter.stats).toMatchObject({ sent: 0, dropped: 1, waiting: 0 });
    // A warning, and never a reason to be unready.
    expect([supervisor.stats().spans?.failures, supervisor.stuck()]).toEqual([1, []]);
  }
});

test("samplers go by the parent, or by the share of traces", () => {
  const ids = Array.from({ length: 1_000 }, (_, n) => (n / 1_000) * 2 ** 56).map((part) =>
    Math.floor(part).toString(16).padStart(14, "0").padStart(32, "a"),
  );
  const share = (sampler: Parameters<typeof isSampled>[0]["sampler"], parent?: boolean) =>
    ids.filter((id) => isSampled({ sampler, ratio: 0.25 }, id, parent)).length;
  for (const [sampler, root] of [
    ["parentbased_always_off", 0],
    ["parentbased_always_on", 1_000],
    ["parentbased_traceidratio", 250],
  ] as const) {
    expect([share(sampler), share(sampler, true), share(sampler, false)]).toEqual([root, 1_000, 0]);
  }
  expect([share("traceidratio", true), share("traceidratio", false)]).toEqual([250, 250]);
  expect([share("always_on", false), share("always_off", true)]).toEqual([1_000, 0]);
});
