/** From what is learned and counted to the generated messages. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { microsBetween } from "../../core/time.ts";
import * as proto from "../../gen/mars/v1/lifecycle_service_pb.ts";
import type { DryRunResult } from "../../learning/dry-run.ts";
import type { Learned, LearnedStage } from "../../learning/learn.ts";
import type { Trial } from "../../learning/trial.ts";
import type {
  AppSummary,
  Distribution,
  Funnel,
  HopLatency,
  Latency,
  OverduePage,
  OverdueStage,
  Rates,
  Window,
} from "../../lifecycle/queries.ts";
import { definitionToProto, findingToProto, kindValues } from "./convert-lifecycle.ts";
import { microsDuration, microsTimestamp } from "./convert-time.ts";

export function dryRunToProto({
  result,
  cutShort,
  ...window
}: Trial<DryRunResult>): MessageInitShape<typeof proto.DryRunLifecycleResponseSchema> {
  const { open, overdue, complete, failed } = result.states;
  return {
    ...windowToProto(window),
    messages: BigInt(result.messages),
    cutShort,
    states: {
      open: BigInt(open),
      overdue: BigInt(overdue),
      complete: BigInt(complete),
      failed: BigInt(failed),
    },
    findings: result.findings.map(({ kind, stage, holding, retracted, samples }) => ({
      kind: kindValues[kind],
      stage,
      holding: BigInt(holding),
      retracted: BigInt(retracted),
      sampleMessageIds: [...samples],
    })),
  };
}

export function learnedToProto({
  result,
  cutShort,
  ...window
}: Trial<Learned>): MessageInitShape<typeof proto.LearnLifecycleResponseSchema> {
  return {
    ...windowToProto(window),
    messages: BigInt(result.messages),
    judged: BigInt(result.judged),
    cutShort,
    ...(result.definition !== undefined && { lifecycle: definitionToProto(result.definition) }),
    stages: result.stages.map(learnedStageToProto),
    leftOut: result.leftOut.map(({ event, share }) => ({ event, share })),
    messagesWithOtherEvents: BigInt(result.unnamed),
  };
}

const occurrences: Readonly<Record<LearnedStage["occurs"], proto.LearnLifecycleResponse_Occurrence>> = {
  always: proto.LearnLifecycleResponse_Occurrence.ALWAYS,
  sometimes: proto.LearnLifecycleResponse_Occurrence.SOMETIMES,
  alternatives: proto.LearnLifecycleResponse_Occurrence.ALTERNATIVES,
};

function learnedStageToProto(
  stage: LearnedStage,
): MessageInitShape<typeof proto.LearnLifecycleResponse_StageSchema> {
  const { events, after, occurs, count, share, confidence, hop } = stage;
  return {
    events: [...events],
    after: [...after],
    occurs: occurrences[occurs],
    count: BigInt(count),
    share,
    confidence,
    ...(hop !== undefined && {
      hop: {
        count: BigInt(hop.count),
        p50: microsDuration(hop.p50),
        p95: microsDuration(hop.p95),
        p99: microsDuration(hop.p99),
      },
    }),
  };
}

export function overduePageToProto({
  overdue,
  nextCursor = "",
  clock,
}: OverduePage): MessageInitShape<typeof proto.ListOverdueResponseSchema> {
  const stageToProto = ({ finding, startedAt, hopP99 }: OverdueStage) => ({
    finding: findingToProto(finding),
    startedAt: microsTimestamp(startedAt),
    overdueFor: microsDuration(Math.max(0, microsBetween(finding.dueAt, clock))),
    age: microsDuration(Math.max(0, microsBetween(startedAt, clock))),
    ...(hopP99 !== undefined && { hopP99: microsDuration(hopP99) }),
  });
  return { overdue: overdue.map(stageToProto), nextCursor, clock: microsTimestamp(clock) };
}

export function funnelToProto({
  opened,
  stages,
  ...window
}: Funnel): MessageInitShape<typeof proto.GetFunnelResponseSchema> {
  return {
    ...windowToProto(window),
    opened: BigInt(opened),
    stages: stages.map(({ stage, after, reached, waiting, overdue, never }) => ({
      stage,
      after,
      reached: BigInt(reached),
      waiting: BigInt(waiting),
      overdue: BigInt(overdue),
      never: BigInt(never),
    })),
  };
}

export function latencyToProto({
  hops,
  ...window
}: Latency): MessageInitShape<typeof proto.GetLatencyResponseSchema> {
  const whole = hops.find(({ stage }) => stage === "");
  return {
    ...windowToProto(window),
    ...(whole !== undefined && { endToEnd: hopToProto(whole) }),
    hops: hops.filter((hop) => hop !== whole).map(hopToProto),
  };
}

function hopToProto({
  stage,
  after,
  now,
  before,
}: HopLatency): MessageInitShape<typeof proto.GetLatencyResponse_HopSchema> {
  return { stage, after, now: distributionToProto(now), before: distributionToProto(before) };
}

/** Of what was not counted nothing is known but that. */
function distributionToProto({
  count,
  max,
  percentiles,
}: Distribution): MessageInitShape<typeof proto.GetLatencyResponse_DistributionSchema> {
  if (count === 0) return { count: 0n };
  return {
    count: BigInt(count),
    max: microsDuration(max),
    percentiles: percentiles.map(({ percent, value, example }) => ({
      percent,
      value: microsDuration(value),
      exampleMessageId: example?.messageId ?? "",
    })),
  };
}

export function ratesToProto({
  step,
  stages,
  ...window
}: Rates): MessageInitShape<typeof proto.GetRatesResponseSchema> {
  return {
    ...windowToProto(window),
    step: microsDuration(step),
    stages: stages.map(({ event, counts }) => ({ event, counts: counts.map(BigInt) })),
  };
}

export function appToProto(app: AppSummary): MessageInitShape<typeof proto.AppSummarySchema> {
  const { open, overdue, complete, failed, expired } = app.messages;
  return {
    appId: app.appId,
    ...(app.lifecycleVersion !== undefined && { lifecycleVersion: BigInt(app.lifecycleVersion) }),
    messages: {
      open: BigInt(open),
      overdue: BigInt(overdue),
      complete: BigInt(complete),
      failed: BigInt(failed),
      expired: BigInt(expired),
    },
    events: BigInt(app.events),
    lastEvent: app.lastEvent,
    ...(app.lastEvent !== "" && { lastEventAt: microsTimestamp(app.lastEventAt) }),
  };
}

function windowToProto({ since, until }: Window) {
  return { since: microsTimestamp(since), until: microsTimestamp(until) };
}
