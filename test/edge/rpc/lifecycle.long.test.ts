import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { nowMicros } from "../../../src/core/time.ts";
import {
  FindingKind,
  FunnelStatus,
  LifecycleSchema,
  MessageState,
  StageStatus,
} from "../../../src/gen/mars/v1/lifecycle_pb.ts";
import {
  FindingOrder,
  FindingState,
  LearnLifecycleResponse_Occurrence as Occurrence,
} from "../../../src/gen/mars/v1/lifecycle_service_pb.ts";
import { MessageOrder } from "../../../src/gen/mars/v1/message_service_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { until } from "../../support/until.ts";
import {
  failure,
  grpcJsClients,
  type RpcClients,
  rpcClients,
  transports,
  unary,
  violations,
} from "./clients.ts";

type LifecycleInit = MessageInitShape<typeof LifecycleSchema>;

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const ms = (count: number) => ({
  seconds: BigInt(Math.floor(count / 1_000)),
  nanos: (count % 1_000) * 1_000_000,
});

/** Ten minutes ago, and so many milliseconds on. */
const start = Math.floor(nowMicros() / 1_000) - 600_000;
const at = (after: number) => ms(start + after);

const created = { events: ["CREATED"] };
const accepted = { events: ["ACCEPTED"], within: ms(1_500) };
const others = [
  { events: ["SMS", "PUSH"], after: ["ACCEPTED"], within: ms(3_600_000), optional: true },
  { events: ["SEEN"], after: ["CREATED"] },
];
const lifecycle: LifecycleInit = {
  stages: [created, accepted, ...others],
  completeOn: ["SEEN"],
  failOn: ["BOUNCED"],
  grace: ms(250),
};

describe.each([...transports])("lifecycles by %s", (_, open) => {
  let clients: RpcClients;
  beforeAll(() => {
    clients = rpcClients(open(mars));
  });

  /** Reports events that happened so many milliseconds after `start`, and returns the seq of the last. */
  async function report(appId: string, messageId: string, events: Record<string, number>): Promise<bigint> {
    const reported = Object.entries(events).map(([event, after]) => ({
      appId,
      messageId,
      event,
      createdAt: at(after),
    }));
    return (await clients.ingest.collectEvents({ events: reported })).seq;
  }

  test("are put in versions, read, listed and ended", async () => {
    const appId = randomUUID();
    const missing = await failure(clients.lifecycles.getLifecycle({ appId }));
    expect(missing.code).toBe(Code.NotFound);
    expect((await failure(clients.lifecycles.deleteLifecycle({ appId }))).code).toBe(Code.NotFound);
    const { version } = await clients.lifecycles.putLifecycle({ appId, lifecycle });
    // A stage without `after` comes after the first stage.
    const stages = [created, { ...accepted, after: ["CREATED"] }, ...others];
    expect(version).toMatchObject({
      version: 1n,
      lifecycle: create(LifecycleSchema, { ...lifecycle, stages }),
    });
    expect((await clients.lifecycles.putLifecycle({ appId, lifecycle })).version?.version).toBe(1n);
    const patient = { ...lifecycle, grace: ms(0) };
    await clients.lifecycles.putLifecycle({ appId, lifecycle: patient });
    const current = await clients.lifecycles.getLifecycle({ appId });
    expect(current.version).toMatchObject({ version: 2n, lifecycle: { grace: ms(0) } });
    expect((await clients.lifecycles.deleteLifecycle({ appId })).version).toMatchObject({ version: 3n });
    const { versions } = await clients.lifecycles.listLifecycleVersions({ appId });
    expect(versions.map((one) => [one.version, one.lifecycle?.grace?.nanos])).toEqual([
      [3n, undefined],
      [2n, 0],
      [1n, 250_000_000],
    ]);
  });

  test("that cannot be are refused by field", async () => {
    const refused: [LifecycleInit | undefined, string[]][] = [
      [undefined, ["lifecycle"]],
      [{}, ["lifecycle.stages", "lifecycle.complete_on"]],
      [{ ...lifecycle, completeOn: ["NOWHERE"] }, ["lifecycle.complete_on[0]"]],
      [{ ...lifecycle, grace: { seconds: -1n } }, ["lifecycle.grace"]],
      [{ ...lifecycle, grace: { nanos: 1_000 } }, ["lifecycle.grace"]],
      [{ ...lifecycle, stages: [created, {}] }, ["lifecycle.stages[1].events"]],
      [
        { ...lifecycle, stages: [created, { ...accepted, within: ms(31 * 86_400_000) }] },
        ["lifecycle.stages[1].within"],
      ],
      [
        {
          stages: [created, { events: ["A"], after: ["B"] }, { events: ["B"], after: ["A"] }],
          completeOn: ["A"],
        },
        ["lifecycle.stages[1].after"],
      ],
    ];
    for (const [bad, fields] of refused) {
      const request = { appId: "refused", ...(bad !== undefined && { lifecycle: bad }) };
      const error = await failure(clients.lifecycles.putLifecycle(request));
      expect([error.code, violations(error)]).toEqual([Code.InvalidArgument, fields]);
    }
    const withoutApp = await failure(clients.lifecycles.putLifecycle({ lifecycle }));
    expect(violations(withoutApp)).toEqual(["app_id"]);
  });

  test("show what is missing, and that it came after all", async () => {
    const appId = randomUUID();
    await clients.lifecycles.putLifecycle({ appId, lifecycle });
    const minSeq = await report(appId, "stuck", { CREATED: 0 });
    const found: [FindingKind, boolean][] = [];
    const cancel = new AbortController();
    const topic = `apps/${appId}/findings`;
    const watch = clients.lifecycles.watchFindings({ topic, afterSeq: 0n }, { signal: cancel.signal });
    let ended: ConnectError | undefined;
    try {
      for await (const { item } of watch) {
        if (item.case === "started") {
          expect(item.value).toMatchObject({ seq: 0n, recovered: true });
          continue;
        }
        for (const finding of item.value?.findings ?? []) {
          expect(finding).toMatchObject({ appId, messageId: "stuck", stage: "ACCEPTED", after: "CREATED" });
          expect(finding.dueAt).toMatchObject(at(1_500));
          found.push([finding.kind, finding.retractedAt === undefined]);
        }
        if (found.length === 1) {
          await expectStuck(appId, minSeq);
          await report(appId, "stuck", { ACCEPTED: 4_000, SEEN: 5_000 });
        }
        if (found.length === 3) cancel.abort();
      }
    } catch (thrown) {
      ended = thrown as ConnectError;
    }
    expect(ended?.code).toBe(Code.Canceled);
    expect(found).toEqual([
      [FindingKind.MISSING, true],
      [FindingKind.MISSING, false],
      [FindingKind.LATE, true],
    ]);

    const list = async (query: Parameters<RpcClients["lifecycles"]["listFindings"]>[0]) => {
      const { findings } = await clients.lifecycles.listFindings({ appId, ...query });
      return findings.map(({ kind }) => kind);
    };
    expect(await list({})).toEqual([FindingKind.LATE]);
    expect(await list({ state: FindingState.RETRACTED })).toEqual([FindingKind.MISSING]);
    expect(await list({ state: FindingState.ANY, order: FindingOrder.OLDEST })).toEqual([
      FindingKind.MISSING,
      FindingKind.LATE,
    ]);
    expect(await list({ kind: FindingKind.SKIPPED })).toEqual([]);
    const { findings } = await clients.lifecycles.listFindings({
      appId,
      stage: "ACCEPTED",
      messageId: "stuck",
    });
    expect(findings[0]?.lateBy).toMatchObject(ms(2_500));
    const { message } = await clients.messages.getMessage({ appId, messageId: "stuck" });
    expect(message?.summary).toMatchObject({ state: MessageState.COMPLETE });
    expect(message?.summary?.overdueSince).toBeUndefined();
    expect(message?.lifecycle).toMatchObject({ version: 1n, completedAt: at(5_000) });
    expect(message?.lifecycle?.stages[1]).toMatchObject({ status: StageStatus.DONE, lateBy: ms(2_500) });
  });

  async function expectStuck(appId: string, minSeq: bigint): Promise<void> {
    const { overdue, clock } = await clients.lifecycles.listOverdue({ appId, minSeq });
    expect(overdue).toMatchObject([{ finding: { messageId: "stuck" }, startedAt: at(0) }]);
    const { age, overdueFor } = overdue[0]!;
    const length = ({ seconds, nanos }: { seconds: bigint; nanos: number }) => Number(seconds) * 1e9 + nanos;
    expect(length(age!) - length(overdueFor!)).toBe(1.5e9);
    expect(clock).toBeDefined();
    const list = async (query: Parameters<RpcClients["messages"]["listMessages"]>[0]) =>
      (await clients.messages.listMessages({ appId, minSeq, ...query })).messages;
    const [summary] = await list({ state: [MessageState.OVERDUE, MessageState.FAILED] });
    expect(summary).toMatchObject({ state: MessageState.OVERDUE, overdueSince: at(1_500) });
    expect(await list({ state: [MessageState.OPEN] })).toEqual([]);
    expect(await list({ order: MessageOrder.OVERDUE, followed: true })).toHaveLength(1);
    expect(await list({ overdueSince: at(1_499) })).toEqual([]);
    expect(await list({ stage: "ACCEPTED", stageState: FunnelStatus.OVERDUE })).toHaveLength(1);
    expect(await list({ stage: "ACCEPTED", stageState: FunnelStatus.REACHED })).toEqual([]);
  }

  test("say where messages and time are lost", async () => {
    const appId = randomUUID();
    await clients.lifecycles.putLifecycle({ appId, lifecycle });
    await report(appId, "m-1", { CREATED: 0, ACCEPTED: 100, SEEN: 1_000 });
    await report(appId, "m-2", { CREATED: 0, ACCEPTED: 200, BOUNCED: 300 });
    const minSeq = await report(appId, "m-3", { CREATED: 0 });
    const window = { appId, minSeq, since: at(-60_000) };

    // After a pause of the machine it is raised a little later.
    await until(async () => (await clients.lifecycles.listOverdue({ appId })).overdue.length === 1);
    const funnel = await clients.lifecycles.getFunnel(window);
    expect(funnel.opened).toBe(3n);
    const numbers = funnel.stages.map(({ stage, reached, waiting, overdue, never }) => [
      stage,
      ...[reached, waiting, overdue, never].map(Number),
    ]);
    expect(numbers).toEqual([
      ["CREATED", 3, 0, 0, 0],
      ["ACCEPTED", 2, 0, 1, 0],
      ["SMS|PUSH", 0, 1, 0, 2],
      ["SEEN", 1, 1, 0, 1],
    ]);

    const { endToEnd, hops } = await clients.lifecycles.getLatency(window);
    expect(endToEnd?.now).toMatchObject({ count: 1n, max: ms(1_000) });
    expect(endToEnd?.before).toMatchObject({ count: 0n, percentiles: [] });
    const hop = hops.find(({ stage }) => stage === "ACCEPTED")?.now;
    expect(hop).toMatchObject({ count: 2n, max: ms(200) });
    expect(hop?.percentiles.map(({ percent }) => percent)).toEqual([50, 90, 95, 99]);
    expect(hop?.percentiles[3]?.exampleMessageId).toBe("m-2");

    const { step, stages } = await clients.lifecycles.getRates({ ...window, step: ms(300_000) });
    expect(step).toMatchObject(ms(300_000));
    const counted = stages.find(({ event }) => event === "CREATED");
    expect(counted?.counts.reduce((sum, count) => sum + count, 0n)).toBe(3n);

    const apps: string[] = [];
    let cursor = "";
    do {
      const page = await clients.lifecycles.listApps({ limit: 2, cursor });
      for (const app of page.apps) {
        apps.push(app.appId);
        if (app.appId !== appId) continue;
        expect(app).toMatchObject({ lifecycleVersion: 1n, events: 7n, lastEvent: "SEEN" });
        expect(app.messages).toMatchObject({ open: 0n, overdue: 1n, complete: 1n, failed: 1n, expired: 0n });
      }
      cursor = page.nextCursor;
    } while (cursor !== "");
    expect(apps).toContain(appId);
    expect(apps).toEqual([...new Set(apps)].sort());
  });

  test("are tried on what is stored, and learned from it", async () => {
    const appId = randomUUID();
    const events = Array.from({ length: 100 }, (_, n) => n).flatMap((n) =>
      Object.entries({ CREATED: 0, ACCEPTED: 50 + (n % 50), SEEN: 500 }).map(([event, after]) => ({
        appId,
        messageId: `m-${n}`,
        event,
        createdAt: at(after + n),
      })),
    );
    const { seq: minSeq } = await clients.ingest.collectEvents({ events });
    await clients.messages.listMessages({ appId, limit: 1, minSeq });
    const strict = {
      ...lifecycle,
      stages: [created, { ...accepted, within: ms(89) }, ...others],
      grace: ms(0),
    };
    const run = await clients.lifecycles.dryRunLifecycle({ appId, lifecycle: strict });
    expect(run).toMatchObject({ messages: 100n, cutShort: false, states: { complete: 100n } });
    const [late] = run.findings.filter(({ kind }) => kind === FindingKind.LATE);
    expect(late).toMatchObject({ stage: "ACCEPTED", holding: 20n });
    expect(late?.sampleMessageIds.length).toBe(10);
    expect((await clients.lifecycles.listFindings({ appId, minSeq })).findings).toEqual([]);

    const learned = await clients.lifecycles.learnLifecycle({ appId, since: at(-1_000) });
    expect(learned.messages).toBe(100n);
    expect(learned.stages.map(({ events: [event], occurs }) => [event, occurs])).toEqual([
      ["CREATED", Occurrence.ALWAYS],
      ["ACCEPTED", Occurrence.ALWAYS],
      ["SEEN", Occurrence.ALWAYS],
    ]);
    const put = await clients.lifecycles.putLifecycle({ appId, lifecycle: learned.lifecycle! });
    expect(put.version?.version).toBe(1n);
  });

  test("are not asked what cannot be meant", async () => {
    const { lifecycles, messages } = clients;
    const appId = "a";
    const refused: [() => Promise<unknown>, string][] = [
      [() => lifecycles.listFindings({ kind: 99 as FindingKind }), "kind"],
      [() => lifecycles.listFindings({ state: 99 as FindingState }), "state"],
      [() => lifecycles.listFindings({ minSeq: 2n ** 63n }), "min_seq"],
      [() => lifecycles.listOverdue({ limit: 1001 }), "limit"],
      [() => lifecycles.getFunnel({ appId, since: at(0), until: at(0) }), "since"],
      [() => lifecycles.getLatency({}), "app_id"],
      [() => lifecycles.getRates({ appId, step: ms(1_000) }), "step"],
      [() => lifecycles.getRates({ appId, step: { seconds: -60n } }), "step"],
      [() => lifecycles.listApps({ cursor: "nonsense" }), "cursor"],
      [() => lifecycles.learnLifecycle({ appId, until: { seconds: 8_993_980_800n } }), "until"],
      [() => messages.listMessages({ state: [MessageState.UNSPECIFIED] }), "state"],
      [() => messages.listMessages({ stage: "A" }), "stage"],
      [() => messages.listMessages({ stage: "A", stageState: 99 as FunnelStatus }), "stage_state"],
    ];
    for (const [call, field] of refused) {
      const error = await failure(call());
      expect([error.code, violations(error)]).toEqual([Code.InvalidArgument, [field]]);
    }
    const watches: (() => AsyncIterable<unknown>)[] = [
      () => lifecycles.watchFindings({ topic: "all" }),
      () => messages.watchEvents({ topic: "findings" }),
      () => messages.watchEvents({ topic: `apps/${appId}/findings` }),
    ];
    for (const watch of watches) {
      const error = await failure(Array.fromAsync(watch()));
      expect([error.code, violations(error)]).toEqual([Code.InvalidArgument, ["topic"]]);
    }
  });
});

test("a client without generated code speaks of lifecycles by the files alone", async () => {
  const { lifecycles } = grpcJsClients(mars);
  const request = {
    app_id: randomUUID(),
    lifecycle: {
      stages: [{ events: ["A"] }, { events: ["B"], within: { seconds: 2, nanos: 0 } }],
      complete_on: ["B"],
    },
  };
  const answer = await unary(lifecycles, "PutLifecycle", request);
  expect(answer.version).toMatchObject({
    version: 1,
    lifecycle: {
      stages: [{ events: ["A"] }, { after: ["A"], within: { seconds: 2 } }],
      grace: { nanos: 500_000_000 },
    },
  });
  lifecycles.close();
});
