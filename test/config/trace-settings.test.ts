import { expect, test } from "bun:test";
import { traceSettings } from "../../src/config/trace-settings.ts";
import { traceAddress } from "../../src/ui/data/trace.ts";

const { parse } = traceSettings.traceUrl;
const trace = { trace_id: "4bf92f3577b34da6a3ce929d0e0e4736", span_id: "00f067aa0ba902b7" };

test("a URL with a place for the trace's id becomes the address of a trace", () => {
  const jaeger = "https://jaeger.example.com/trace/{trace_id}?uiFind={span_id}";
  const grafana =
    'http://grafana:3000/explore?left={"datasource":"tempo","queries":[{"query":"{trace_id}"}]}';
  expect(parse("")).toBe("");
  expect(traceAddress(trace, parse(jaeger))).toBe(
    `https://jaeger.example.com/trace/${trace.trace_id}?uiFind=${trace.span_id}`,
  );
  expect(traceAddress(trace, parse(grafana))).toContain(`{"query":"${trace.trace_id}"}`);
  expect(traceAddress(trace, null)).toBeUndefined();
});

test.each([
  ["jaeger/{trace_id}", "must be a URL"],
  ["javascript:alert('{trace_id}')", "must be a URL"],
  ["https://jaeger.example.com/trace/", "must have {trace_id}"],
  ["https://{trace_id}.example.com/", "behind its host"],
  ["https://user:secret@jaeger.example.com/{trace_id}", "must not hold a secret"],
])("%s is refused", (text, reason) => {
  expect(() => parse(text)).toThrow(reason);
});
