import { expect, test } from "bun:test";
import { Traceparents, traceFields } from "../../src/core/traceparent.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";
const valid = `00-${traceId}-${spanId}-01`;

test("a traceparent is read as the standard has it, and a later version by its first parts", () => {
  const traceparents = new Traceparents();
  expect(traceparents.read(valid)).toBe(valid);
  expect(traceparents.read(`cc-${traceId}-${spanId}-03`)).toBe(`00-${traceId}-${spanId}-03`);
  expect(traceparents.read(`cc-${traceId}-${spanId}-00-what-else`)).toBe(`00-${traceId}-${spanId}-00`);
  expect(traceFields(valid)).toEqual({ trace_id: traceId, span_id: spanId, trace_flags: "01" });
  expect([undefined, null, ""].map((none) => traceparents.read(none))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(traceparents.ignored).toBe(0);
});

test("what is no traceparent is ignored and counted", () => {
  const traceparents = new Traceparents();
  const wrong = [
    ...["nonsense", valid.toUpperCase(), ` ${valid}`, `${valid}-x`, `${valid}, ${valid}`, valid.slice(0, -1)],
    ...[`ff-${traceId}-${spanId}-01`, `cc-${traceId}-${spanId}-01x`, `00-${"0".repeat(32)}-${spanId}-01`],
    ...[
      `00-${traceId}-${"0".repeat(16)}-01`,
      `cc-${traceId}-${spanId}-01-${"x".repeat(1_000)}`,
      `${valid}\n`,
    ],
    ...[7, {}, [valid]],
  ];
  for (const sent of wrong) expect([sent, traceparents.read(sent)]).toEqual([sent, undefined]);
  expect(traceparents.ignored).toBe(wrong.length);
});
