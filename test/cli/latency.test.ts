import { expect, test } from "bun:test";
import { latencyText } from "../../src/cli/latency.ts";

const none = { p50: null, p90: null, p95: null, p99: null };
const took = (count: number, p50_ms: number, p99_ms: number, p95_ms = p99_ms) => ({
  ...{ count, p50_ms, p90_ms: p50_ms, p95_ms, p99_ms, max_ms: p99_ms },
  examples: none,
});
const hop = (stage: string, after: string | null, now: ReturnType<typeof took>, before = now) => ({
  ...{ stage, after, stage_events: [stage], after_events: after === null ? [] : [after] },
  ...{ now, before },
});
const answer = {
  since: "2026-01-31T00:00:00Z",
  until: "2026-02-01T00:00:00Z",
  end_to_end: null,
  hops: [
    hop("paid", "created", took(10, 10, 1_000), took(9, 10, 100)),
    hop("packed", "paid", took(8, 100, 100)),
    hop("sent", "packed", { ...took(0, 0, 0), p50_ms: null, p99_ms: null } as never),
  ],
};

test("hops are beside each other on one axis, each ten times longer a step of the same length", () => {
  const text = latencyText("shop", answer as never, { columns: 100, colour: false });
  const lines = text.split("\n");
  expect(lines[0]).toStartWith("shop  the last 1 d, until 2026-0");
  const [paid = "", packed = "", sent = ""] = lines.slice(3);
  expect(paid).toMatch(/^created → paid +10 +10 ms +10 ms +1 s +1 s +1 s +100 ms {2}█░+$/);
  expect(packed).toMatch(/^paid → packed .*100 ms {2} +█$/);
  const axis = paid.lastIndexOf("  ") + 2;
  expect(packed.length - 1 - axis).toBe(Math.round((paid.length - 1 - axis) / 2));
  expect(sent).not.toContain("█");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
});

test("a hop that has become much slower is red, and a narrow terminal has fewer columns", () => {
  const coloured = latencyText("shop", answer as never, { columns: 100, colour: true }).split("\n");
  expect(coloured[3]).toContain("\u001b[31m 100 ms\u001b[0m");
  expect(coloured[4]).not.toContain("\u001b[31m");
  const narrow = latencyText("shop", answer as never, { columns: 60, colour: false });
  expect(narrow).toContain("created → paid");
  expect(narrow).not.toContain("MAX");
  const narrower = latencyText("shop", answer as never, { columns: 34, colour: false });
  expect(narrower).not.toContain("█");
});
