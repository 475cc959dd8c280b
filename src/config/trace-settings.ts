/** The settings of traces: where those of events are shown, and where Mars sends spans of its own. */
import type { Setting } from "./setting.ts";
import type { Config } from "./type.ts";
import { oneOf, requiredText, ValueError } from "./values.ts";

type TraceNames =
  | "traceUrl"
  | "otlpEndpoint"
  | "otlpHeaders"
  | "otlpService"
  | "traceSampler"
  | "traceSamplerRatio";

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
  otlpEndpoint: {
    name: "MARS_OTLP_ENDPOINT",
    alias: "OTEL_EXPORTER_OTLP_ENDPOINT",
    default: "",
    unit: "URL",
    meaning:
      "The OpenTelemetry collector that Mars sends spans of its own to, such as `http://127.0.0.1:4318`: by OTLP over HTTP as JSON, at `/v1/traces` there. See [Traces](traces.md#spans-of-mars)",
    parse: otlpEndpoint,
  },
  otlpHeaders: {
    name: "MARS_OTLP_HEADERS",
    alias: "OTEL_EXPORTER_OTLP_HEADERS",
    default: "",
    unit: "headers",
    meaning: "Headers of these requests, such as `api-key=secret,tenant=shop`; values are percent-encoded",
    secret: true,
    parse: otlpHeaders,
  },
  otlpService: {
    name: "MARS_OTLP_SERVICE",
    alias: "OTEL_SERVICE_NAME",
    default: "mars",
    unit: "text",
    meaning: "The name of the service in these spans",
    parse: requiredText,
  },
  traceSampler: {
    name: "MARS_TRACE_SAMPLER",
    alias: "OTEL_TRACES_SAMPLER",
    default: "parentbased_always_off",
    unit: "name",
    meaning:
      "Which requests have spans: by default those whose `traceparent` is sampled. `parentbased_traceidratio` and `parentbased_always_on` add some or all that come without one; `traceidratio`, `always_on` and `always_off` go by no `traceparent`",
    parse: oneOf(
      "parentbased_always_off",
      "parentbased_traceidratio",
      "parentbased_always_on",
      "traceidratio",
      "always_on",
      "always_off",
    ),
  },
  traceSamplerRatio: {
    name: "MARS_TRACE_SAMPLER_ARG",
    alias: "OTEL_TRACES_SAMPLER_ARG",
    default: "1",
    unit: "share",
    meaning: "The share of traces for the samplers by `traceidratio`, from 0 to 1",
    parse: share,
  },
};

function otlpEndpoint(text: string): string {
  if (text === "") return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ValueError("must be a URL such as http://127.0.0.1:4318");
  }
  if (url.search !== "" || url.hash !== "") throw new ValueError("must be a URL without ? and #");
  if (url.username !== "" || url.password !== "") {
    throw new ValueError("must not hold a secret: it belongs in MARS_OTLP_HEADERS");
  }
  return text;
}

/** As W3C Baggage has them: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables */
function otlpHeaders(text: string): Readonly<Record<string, string>> {
  const parts = text.split(",").filter((part) => part.trim() !== "");
  try {
    const pairs = parts.map((part) => {
      const [name = "", ...value] = part.split("=");
      return [name.trim(), decodeURIComponent(value.join("=").trim())] as const;
    });
    if (parts.some((part) => !part.includes("="))) throw new ValueError();
    // Throws for what cannot be sent.
    return Object.fromEntries(new Headers(pairs.map(([name, value]) => [name, value])));
  } catch {
    throw new ValueError("must be headers such as api-key=secret,tenant=shop");
  }
}

function share(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  throw new ValueError("must be a number from 0 to 1");
}

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
