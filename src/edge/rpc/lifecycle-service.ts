/** The methods of `mars.v1.LifecycleService`: what should happen to messages, and what does not. */
import type { ServiceImpl } from "@connectrpc/connect";
import { MarsError } from "../../core/error.ts";
import { nowMicros } from "../../core/time.ts";
import {
  FindingOrder,
  FindingState,
  type LifecycleService,
  type ListFindingsRequest,
} from "../../gen/mars/v1/lifecycle_service_pb.ts";
import {
  checkFindingQuery,
  checkOverdueQuery,
  checkPage,
  checkRateQuery,
  checkWindow,
} from "../parse-finding-query.ts";
import { checkAppId } from "../parse-query.ts";
import type { EdgeParts } from "../parts.ts";
import { type CallContext, callerOf } from "./caller.ts";
import { definitionFromProto, findingToProto, kindValues, versionToProto } from "./convert-lifecycle.ts";
import {
  appToProto,
  dryRunToProto,
  funnelToProto,
  latencyToProto,
  learnedToProto,
  overduePageToProto,
  ratesToProto,
} from "./convert-statistics.ts";
import { checkSeq, checkTopic, length, positive, present, time, visible, wordOf } from "./request.ts";
import { watch } from "./watch.ts";

/** The methods, over the parts that keep lifecycles and what is found by them. */
export function createLifecycleMethods(
  parts: Pick<EdgeParts, "reader" | "lifecycles" | "changes" | "trials" | "findings" | "projected">,
): ServiceImpl<typeof LifecycleService> {
  const { reader, lifecycles, changes, trials, findings, projected } = parts;

  async function currentVersion(appId: string, context: CallContext) {
    const [version] = await reader(callerOf(context)).lifecycleVersions(appId, 1);
    if (version?.definition === undefined) throw noLifecycle();
    return version;
  }

  return {
    async putLifecycle(request, context) {
      const appId = checkAppId(request.appId);
      const definition = definitionFromProto(request.lifecycle);
      const version = await changes.run(callerOf(context), () => lifecycles.putLifecycle(appId, definition));
      if (version === undefined) throw new Error("a definition was put, and no version came of it");
      return { version: versionToProto(version) };
    },

    async getLifecycle(request, context) {
      return { version: versionToProto(await currentVersion(checkAppId(request.appId), context)) };
    },

    async deleteLifecycle(request, context) {
      const { appId } = await currentVersion(checkAppId(request.appId), context);
      const version = await changes.run(callerOf(context), () => lifecycles.putLifecycle(appId, undefined));
      // Somebody else may have ended it meanwhile.
      if (version === undefined) throw noLifecycle();
      return { version: versionToProto(version) };
    },

    async listLifecycleVersions(request, context) {
      const versions = await reader(callerOf(context)).lifecycleVersions(checkAppId(request.appId));
      return { versions: versions.map(versionToProto) };
    },

    async dryRunLifecycle(request, context) {
      const appId = checkAppId(request.appId);
      const definition = definitionFromProto(request.lifecycle);
      const options = { appId, ...checkWindow(windowFields(request)), clock: nowMicros() };
      return dryRunToProto(await trials.dryRun(definition, options, callerOf(context)));
    },

    async learnLifecycle(request, context) {
      const appId = checkAppId(request.appId);
      return learnedToProto(
        await trials.learn({ appId, ...checkWindow(windowFields(request)) }, callerOf(context)),
      );
    },

    async listFindings(request, context) {
      const query = checkFindingQuery(findingFields(request));
      await visible(projected, request.minSeq, context);
      const page = await reader(callerOf(context)).findings(query);
      return {
        findings: page.findings.map(findingToProto),
        nextCursor: page.nextCursor ?? "",
        asOfSeq: BigInt(page.asOfSeq),
      };
    },

    async listOverdue(request, context) {
      const query = checkOverdueQuery({
        app_id: present(request.appId),
        stage: present(request.stage),
        limit: positive(request.limit),
        cursor: present(request.cursor),
      });
      await visible(projected, request.minSeq, context);
      return overduePageToProto(await reader(callerOf(context)).overdue({ ...query, clock: nowMicros() }));
    },

    async *watchFindings(request, context) {
      const { signal } = context;
      const { peer } = callerOf(context);
      const topic = checkTopic(request.topic, "findings");
      const after = request.afterSeq === undefined ? undefined : checkSeq("after_seq", request.afterSeq);
      const items = findings.stream(topic, { signal, peer, ...(after !== undefined && { after }) });
      yield* watch(items, (changed) => ({ findings: changed.map(findingToProto) }), signal);
    },

    async getFunnel(request, context) {
      const appId = checkAppId(request.appId);
      const window = checkWindow(windowFields(request));
      await visible(projected, request.minSeq, context);
      return funnelToProto(await reader(callerOf(context)).funnel(appId, window));
    },

    async getLatency(request, context) {
      const appId = checkAppId(request.appId);
      const window = checkWindow(windowFields(request));
      await visible(projected, request.minSeq, context);
      return latencyToProto(await reader(callerOf(context)).latency(appId, window));
    },

    async getRates(request, context) {
      const appId = checkAppId(request.appId);
      const query = checkRateQuery(appId, { ...windowFields(request), step: length(request.step) });
      await visible(projected, request.minSeq, context);
      return ratesToProto(await reader(callerOf(context)).rates(query));
    },

    async listApps(request, context) {
      const { cursor, limit } = checkPage({
        limit: positive(request.limit),
        cursor: present(request.cursor),
      });
      await visible(projected, request.minSeq, context);
      const page = await reader(callerOf(context)).apps(cursor, limit);
      return { apps: page.apps.map(appToProto), nextCursor: page.nextCursor ?? "" };
    },
  };
}

function noLifecycle(): MarsError {
  return new MarsError("not_found", "this app has no lifecycle");
}

const stateValues = {
  current: FindingState.CURRENT,
  retracted: FindingState.RETRACTED,
  any: FindingState.ANY,
} as const;

const orderValues = { newest: FindingOrder.NEWEST, oldest: FindingOrder.OLDEST } as const;

function findingFields(request: ListFindingsRequest): Parameters<typeof checkFindingQuery>[0] {
  return {
    app_id: present(request.appId),
    message_id: present(request.messageId),
    kind: wordOf(request.kind, kindValues),
    stage: present(request.stage),
    state: wordOf(request.state, stateValues),
    ...windowFields(request),
    order: wordOf(request.order, orderValues),
    limit: positive(request.limit),
    cursor: present(request.cursor),
  };
}

function windowFields({ since, until }: Pick<ListFindingsRequest, "since" | "until">) {
  return { since: time(since), until: time(until) };
}
