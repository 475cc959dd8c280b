/** The settings of traces: where those of events are shown. */
import type { Setting } from "./setting.ts";
import type { Config } from "./type.ts";
import { ValueError } from "./values.ts";

type TraceNames = "traceUrl";

const [traceId, spanId] = ["{trace_id}", "{span_id}"];

export const traceSettings: { readonly [K in TraceNames]: Setting<Config[K]> } = {
  traceUrl: {
    name: "MARS_TRACE_URL",
    default: "",
    unit: "URL",
    meaning:
      "Where a trace is shown, such as `https://jaeger.example.com/trace/{trace_id}`: the dashboard links the trace of each event to it; `{span_id}` is its span. See [Traces](traces.md)",
    parse: traceUrl,
  },
};

/** A URL with a place for the trace's id, behind its host; empty for none. */
function traceUrl(text: string): string {
  if (text === "") return text;
  const filled = (digit: string) =>
    text.replaceAll(traceId, digit.repeat(32)).replaceAll(spanId, digit.repeat(16));
  const [url, other] = [filled("1"), filled("2")].map((one) =>
    URL.canParse(one) ? new URL(one) : undefined,
  );
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ValueError("must be a URL such as https://jaeger.example.com/trace/{trace_id}");
  }
  if (!text.includes(traceId)) throw new ValueError("must have {trace_id} where the id of the trace goes");
  if (url.origin !== other?.origin)
    throw new ValueError("must have {trace_id} and {span_id} behind its host");
  if (url.username !== "" || url.password !== "")
    throw new ValueError("must not hold a secret: it is shown on pages");
  return text;
}
