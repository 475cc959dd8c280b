/** Between the generated messages and lifecycles, states and findings. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { throwIfAny } from "../../api/problems.ts";
import { type FieldProblem, MarsError } from "../../core/error.ts";
import type {
  FunnelStatus,
  InstanceStage,
  LifecycleInstance,
  MessageState,
  StageStatus,
} from "../../core/state.ts";
import * as proto from "../../gen/mars/v1/lifecycle_pb.ts";
import type { Definition, LifecycleVersion } from "../../lifecycle/definition.ts";
import type { Finding, FindingKind } from "../../lifecycle/finding.ts";
import { parseDefinition } from "../../lifecycle/parse-definition.ts";

import { durationMicros, microsDuration, microsTimestamp } from "./convert-time.ts";

export const stateValues: Readonly<Record<MessageState, proto.MessageState>> = {
  open: proto.MessageState.OPEN,
  overdue: proto.MessageState.OVERDUE,
  complete: proto.MessageState.COMPLETE,
  failed: proto.MessageState.FAILED,
};

export const funnelStatusValues: Readonly<Record<FunnelStatus, proto.FunnelStatus>> = {
  reached: proto.FunnelStatus.REACHED,
  waiting: proto.FunnelStatus.WAITING,
  overdue: proto.FunnelStatus.OVERDUE,
  never: proto.FunnelStatus.NEVER,
};

export const kindValues: Readonly<Record<FindingKind, proto.FindingKind>> = {
  missing: proto.FindingKind.MISSING,
  late: proto.FindingKind.LATE,
  skipped: proto.FindingKind.SKIPPED,
  failed: proto.FindingKind.FAILED,
};

const statusValues: Readonly<Record<StageStatus, proto.StageStatus>> = {
  done: proto.StageStatus.DONE,
  waiting: proto.StageStatus.WAITING,
  pending: proto.StageStatus.PENDING,
  overdue: proto.StageStatus.OVERDUE,
  skipped: proto.StageStatus.SKIPPED,
  unreached: proto.StageStatus.UNREACHED,
};

/**
 * Checks a lifecycle by the rules for its JSON.
 *
 * @throws `MarsError("invalid_argument")` with one problem for each place at fault, by the names of the request's fields
 */
export function definitionFromProto(lifecycle: proto.Lifecycle | undefined): Definition {
  if (lifecycle === undefined) {
    const message = "is required";
    throw new MarsError("invalid_argument", `lifecycle ${message}`, {
      problems: [{ field: "lifecycle", message }],
    });
  }
  try {
    return parseDefinition(definitionInput(lifecycle));
  } catch (thrown) {
    if (thrown instanceof MarsError && thrown.problems.length > 0) throwIfAny(thrown.problems.map(renamed));
    throw thrown;
  }
}

/** What `parseDefinition` reads; absent where protobuf has its empty value. */
function definitionInput({ stages, completeOn, failOn, grace }: proto.Lifecycle): Record<string, unknown> {
  return {
    stages: stages.map(({ events, after, within, optional }) => ({
      any_of: events,
      ...(after.length > 0 && { after }),
      ...(within !== undefined && { within: durationText(within) }),
      optional,
    })),
    complete_on: completeOn,
    ...(failOn.length > 0 && { fail_on: failOn }),
    ...(grace !== undefined && { grace: durationText(grace) }),
  };
}

/** What is no duration, or has more digits than there are in a definition, becomes a text that is none either. */
function durationText(duration: Duration): string {
  const micros = durationMicros(duration);
  return micros === undefined || micros % 1_000 !== 0 ? "" : `${micros / 1_000}ms`;
}

function renamed({ field, message }: FieldProblem): FieldProblem {
  return { field: `lifecycle.${field.replace(".any_of", ".events")}`, message };
}

export function definitionToProto({
  stages,
  completeOn,
  failOn,
  graceMs,
}: Definition): MessageInitShape<typeof proto.LifecycleSchema> {
  return {
    stages: stages.map(({ events, after, withinMs, optional }) => ({
      events: [...events],
      after: [...after],
      ...(withinMs !== undefined && { within: microsDuration(withinMs * 1_000) }),
      optional,
    })),
    completeOn: [...completeOn],
    failOn: [...failOn],
    grace: microsDuration(graceMs * 1_000),
  };
}

export function versionToProto({
  version,
  createdAt,
  definition,
}: LifecycleVersion): MessageInitShape<typeof proto.LifecycleVersionSchema> {
  return {
    version: BigInt(version),
    createdAt: microsTimestamp(createdAt),
    ...(definition !== undefined && { lifecycle: definitionToProto(definition) }),
  };
}

export function instanceToProto(
  instance: LifecycleInstance,
): MessageInitShape<typeof proto.LifecycleInstanceSchema> {
  return {
    version: BigInt(instance.version),
    clock: microsTimestamp(instance.watermark),
    ...(instance.completedAt !== undefined && { completedAt: microsTimestamp(instance.completedAt) }),
    ...(instance.failedAt !== undefined && { failedAt: microsTimestamp(instance.failedAt) }),
    stages: instance.stages.map(stageToProto),
  };
}

function stageToProto(stage: InstanceStage): MessageInitShape<typeof proto.InstanceStageSchema> {
  return {
    stage: stage.name,
    after: stage.after,
    optional: stage.optional,
    status: statusValues[stage.status],
    ...(stage.doneAt !== undefined && { doneAt: microsTimestamp(stage.doneAt) }),
    ...(stage.dueAt !== undefined && { dueAt: microsTimestamp(stage.dueAt) }),
    ...(stage.missingSince !== undefined && { missingSince: microsTimestamp(stage.missingSince) }),
    ...(stage.lateBy !== undefined && { lateBy: microsDuration(stage.lateBy) }),
    ...(stage.earlyBy !== undefined && { earlyBy: microsDuration(stage.earlyBy) }),
  };
}

export function findingToProto(finding: Finding): MessageInitShape<typeof proto.FindingSchema> {
  return {
    seq: BigInt(finding.seq),
    id: BigInt(finding.id),
    appId: finding.appId,
    messageId: finding.messageId,
    kind: kindValues[finding.kind],
    stage: finding.stage,
    after: finding.after,
    version: BigInt(finding.version),
    dueAt: microsTimestamp(finding.dueAt),
    raisedAt: microsTimestamp(finding.raisedAt),
    ...(finding.retractedAt !== undefined && { retractedAt: microsTimestamp(finding.retractedAt) }),
    ...(finding.lateBy > 0 && { lateBy: microsDuration(finding.lateBy) }),
  };
}
