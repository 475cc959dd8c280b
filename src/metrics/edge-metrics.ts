/** The metrics of the protocols: events by door, calls, and what is divided between clients. */

import type { BudgetStats } from "../runtime/budget-stats.ts";
import type { FairQueueStats } from "../runtime/fair-queue.ts";
import type { Stats } from "../runtime/stats.ts";
import { counter, type Family, gauge, type Labels, type Sample, seconds } from "./family.ts";

export function edgeMetrics(stats: Stats): Family[] {
  return [
    ...doors(stats),
    ...calls(stats),
    ...queues(stats),
    ...shares(stats),
    ...access(stats),
    ...spans(stats),
  ];
}

function doors({ doors }: Stats): Family[] {
  const all = Object.entries(doors);
  return [
    {
      name: "mars_ingest_events",
      help: "Events by the protocol that they came by; rejected are the invalid ones of a batch of which others were accepted.",
      type: "counter",
      samples: all.flatMap(([door, { accepted, rejected }]) => [
        { labels: { door, outcome: "accepted" }, value: accepted },
        { labels: { door, outcome: "rejected" }, value: rejected },
      ]),
    },
    {
      name: "mars_ingest_rejected_records",
      help: "Records of OTLP, CloudEvents and Segment that are no events, or not whole ones, by reason.",
      type: "counter",
      samples: all.flatMap(([door, { reasons }]) =>
        Object.entries(reasons).map(([reason, value]) => ({ labels: { door, reason }, value })),
      ),
    },
    {
      name: "mars_ingest_refused_requests",
      help: "Requests of which no event was accepted, by the code of the error.",
      type: "counter",
      samples: all.flatMap(([door, { refused }]) =>
        Object.entries(refused).map(([reason, value]) => ({ labels: { door, reason }, value })),
      ),
    },
  ];
}

function calls({ calls: { http, rpc } }: Stats): Family[] {
  const samples = (of: Stats["calls"]["http"], outcome: string, labels: (call: string) => Labels): Sample[] =>
    Object.entries(of).flatMap(([call, { ended }]) =>
      Object.entries(ended).map(([how, value]) => ({ labels: { ...labels(call), [outcome]: how }, value })),
    );
  const timesOf = (of: Stats["calls"]["http"]) =>
    Object.fromEntries(
      Object.entries(of)
        .filter(([, { times }]) => times.count > 0)
        .map(([call, { times }]) => [call, times]),
    );
  return [
    {
      name: "mars_http_requests",
      help: "Requests of port 4000 by method, route and class of status.",
      type: "counter",
      samples: samples(http, "status", routeLabels),
    },
    seconds(
      "mars_http_request_seconds",
      "Requests of port 4000 until the head of their answers.",
      timesOf(http),
      routeLabels,
    ),
    {
      name: "mars_rpc_calls",
      help: "Calls of the gRPC port by method and code.",
      type: "counter",
      samples: samples(rpc, "code", (method) => ({ method })),
    },
    seconds("mars_rpc_call_seconds", "Calls of the gRPC port, streams aside.", timesOf(rpc), "method"),
  ];
}

/** Of `GET /api/messages`. */
function routeLabels(call: string): Labels {
  const [method = "", route = ""] = call.split(" ");
  return { method, route };
}

function queues({ reads, trials, mappings, erasure, intake, to_send }: Stats): Family[] {
  const all = { reads, trials, mappings, erasures: erasure.requests };
  const of = (value: (queue: FairQueueStats) => number) => mapped(all, value);
  const budgets = { received: intake.received, large: intake.large };
  const ofBudgets = (value: (budget: BudgetStats) => number) => mapped(budgets, value);
  return [
    gauge(
      "mars_queue_waiting",
      "Tasks that wait in a fair queue.",
      of(({ waiting }) => waiting),
      "queue",
    ),
    gauge(
      "mars_queue_active",
      "Tasks of a fair queue that run.",
      of(({ active }) => active),
      "queue",
    ),
    counter(
      "mars_queue_done",
      "Tasks of a fair queue that have run.",
      of(({ done }) => done),
      "queue",
    ),
    counter(
      "mars_queue_refused",
      "Tasks that were refused as too many waited.",
      of(({ refused }) => refused),
      "queue",
    ),
    counter(
      "mars_queue_expired",
      "Tasks that waited or ran for too long.",
      of(({ expired }) => expired),
      "queue",
    ),
    gauge(
      "mars_intake_used",
      "Of the budgets for bodies: bytes that were received, and large bodies that are parsed.",
      ofBudgets(({ used }) => used),
      "budget",
    ),
    gauge(
      "mars_intake_max",
      "The bounds of these budgets.",
      ofBudgets(({ max }) => max),
      "budget",
    ),
    counter(
      "mars_intake_refused",
      "Requests that were refused for want of room in a budget.",
      ofBudgets(({ refused }) => refused),
      "budget",
    ),
    gauge("mars_send_waiting_bytes", "Bytes that wait to be sent, of all clients together.", to_send.bytes),
    gauge("mars_send_max_bytes", "The bound of the bytes that wait to be sent.", to_send.bytes_max),
    counter(
      "mars_slow_clients_closed",
      "Connections and streams that were closed as their client read nothing.",
      to_send.stalled,
    ),
  ];
}

function shares({ shares }: Stats): Family[] {
  return [
    gauge(
      "mars_share_held",
      "Connections, requests, streams, subscriptions and others that clients have now.",
      mapped(shares, ({ held }) => held),
      "share",
    ),
    gauge(
      "mars_share_max",
      "Their bounds.",
      mapped(shares, ({ max }) => max),
      "share",
    ),
    gauge(
      "mars_share_peers",
      "Clients that have some.",
      mapped(shares, ({ peers }) => peers),
      "share",
    ),
    counter(
      "mars_share_refused",
      "How often a client was refused one.",
      mapped(shares, ({ refused }) => refused),
      "share",
    ),
    counter(
      "mars_share_evicted",
      "How often an idle one was ended for a newcomer.",
      mapped(shares, ({ evicted }) => evicted),
      "share",
    ),
  ];
}

function access({ denied, sign_in, tls }: Stats): Family[] {
  const { unauthenticated, permission_denied } = denied;
  return [
    counter(
      "mars_denied_calls",
      "Calls without a good key, and without the rights that they need.",
      { unauthenticated, permission_denied },
      "reason",
    ),
    gauge("mars_sessions", "Browsers that are signed in.", sign_in.sessions),
    counter("mars_sign_in_failures", "Attempts to sign in with a key that is none.", sign_in.failed),
    gauge(
      "mars_certificate_expiry_timestamp_seconds",
      "When the certificate ends, in seconds of Unix time.",
      tls === null ? {} : Date.parse(tls.expires_at) / 1_000,
    ),
    gauge(
      "mars_certificate_stale",
      "Whether the files of the certificate have changed and cannot be used.",
      tls === null ? {} : Number(tls.last_error !== ""),
    ),
  ];
}

function mapped<Value>(
  entries: Readonly<Record<string, Value>>,
  value: (one: Value) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(entries).map(([name, one]) => [name, value(one)]));
}

function spans({ spans }: Stats): Family[] {
  if (spans === null) return [];
  return [
    counter("mars_spans_sent", "Spans that a collector has accepted.", spans.sent),
    counter(
      "mars_spans_dropped",
      "Spans that were not sent: too many waited, or the collector refused them.",
      spans.dropped,
    ),
    gauge("mars_spans_waiting", "Spans that wait to be sent.", spans.waiting),
  ];
}
