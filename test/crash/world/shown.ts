/** What Mars shows over REST, in the terms of the naive model. */
import { parseTime } from "../../../src/core/time.ts";
import type { NaiveOwed } from "../../support/naive-lifecycle.ts";
import type { NaiveMessage, NaiveReport } from "../../support/naive-world.ts";
import type { RestartedMars } from "../restarted-mars.ts";

/** A finding as lists and the topic have it. */
export interface FindingJson {
  readonly seq: number;
  readonly id: number;
  readonly app_id: string;
  readonly message_id: string;
  readonly run: number;
  readonly kind: string;
  readonly stage: string;
  readonly after: string | null;
  readonly version: number;
  readonly due_at: string;
  readonly raised_at: string;
  readonly retracted_at: string | null;
  readonly ended_by: string | null;
  readonly imported: boolean;
  readonly late_by_ms: number | null;
  readonly owed: OwedJson | null;
  readonly triage: { readonly status: string; readonly note: string | null } | null;
}

interface OwedJson {
  readonly expected: number;
  readonly received: number;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly extra_count: number;
  readonly late: readonly string[];
  readonly late_count: number;
}

interface StageJson {
  readonly stage: string;
  readonly done_at: string | null;
  readonly due_at: string | null;
  readonly owed: OwedJson | null;
}

interface RunJson {
  readonly run: number;
  readonly state: string;
  readonly stages: readonly StageJson[];
}

export interface EventJson {
  readonly event: string;
  readonly created_at: string;
  readonly received_at: string;
  readonly event_id: string | null;
  readonly external_id: string | null;
  readonly parent_id: string | null;
  readonly attributes: object | null;
  readonly duplicates: number;
  readonly ahead_by_ms?: number;
  readonly run?: number;
}

export interface MessageJson {
  readonly app_id: string;
  readonly message_id: string;
  readonly state: string;
  readonly overdue_since: string | null;
  readonly lifecycle:
    | (Omit<RunJson, "state"> & { readonly version: number; readonly runs: readonly RunJson[] })
    | null;
  readonly events: readonly EventJson[];
}

/** All messages, each as its own call answers. */
export async function readMessages(mars: RestartedMars): Promise<MessageJson[]> {
  const messages: MessageJson[] = [];
  const ids: Pick<MessageJson, "app_id" | "message_id" | "state">[] = [];
  for await (const one of mars.rows<MessageJson>("/api/messages?order=oldest", "messages")) ids.push(one);
  const left = ids.values();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const { app_id, message_id, state } of left) {
        const message = await mars.read<MessageJson>(`/api/apps/${app_id}/messages/${message_id}`);
        if (message.state !== state)
          throw new Error(`${message_id} is ${state} in the list, ${message.state} alone`);
        messages.push(message);
      }
    }),
  );
  return messages;
}

export async function readFindings(mars: RestartedMars): Promise<FindingJson[]> {
  const findings: FindingJson[] = [];
  for await (const one of mars.rows<FindingJson>("/api/findings?state=any&triage=any", "findings"))
    findings.push(one);
  return findings;
}

/** Whether it holds: it is active, or people have ended it. */
export function isHolding({ retracted_at, ended_by }: FindingJson): boolean {
  return retracted_at === null || ended_by === "resolved" || ended_by === "ignored";
}

export function findingText(one: FindingJson): string {
  const { app_id, message_id, run, kind, stage, due_at, late_by_ms, ended_by, triage } = one;
  const ended = ended_by === "resolved" || ended_by === "ignored" ? ended_by : "-";
  const lateBy = kind === "late" ? Math.round((late_by_ms ?? 0) * 1_000) : 0;
  return [app_id, message_id, run, kind, stage, parseTime(due_at), lateBy, ended, triage?.status ?? "-"].join(
    " ",
  );
}

export function naiveFindingTexts({ appId, messageId, findings }: NaiveMessage): string[] {
  return findings.map(({ run, kind, stage, dueAt, lateBy, endedBy = "-", mark = "-" }) =>
    [appId, messageId, run, kind, stage, dueAt, lateBy, endedBy, mark].join(" "),
  );
}

/** Of a message all that is a function of events, lifecycles and marks. */
export function messageText({ state, overdue_since, lifecycle, events }: MessageJson): string {
  const current = lifecycle && [{ run: lifecycle.run, state, stages: lifecycle.stages }];
  const runs = lifecycle === null ? [] : lifecycle.runs.length > 0 ? lifecycle.runs : current!;
  return JSON.stringify({
    state,
    since: timeOf(overdue_since),
    events: events.map((one) => `${one.event} ${parseTime(one.created_at)} ${one.run ?? 1}`).sort(),
    runs: runs.map(({ run, state: ended, stages }) => [
      ...[run, ended],
      stages.map(({ stage, done_at, due_at, owed }) => [
        ...[stage, timeOf(done_at), timeOf(due_at)],
        owed && [
          ...[owed.expected, owed.received, owed.missing.toSorted(), owed.extra],
          ...[owed.extra_count, owed.late, owed.late_count],
        ],
      ]),
    ]),
  });
}

export function naiveMessageText({ state, overdueSince, events, runs }: NaiveMessage): string {
  const claimed = ({ createdAt, aheadBy = 0 }: NaiveReport) => createdAt + aheadBy;
  const owedOf = (owed: NaiveOwed | undefined) =>
    owed && [
      ...[owed.expected, owed.received, owed.missing, owed.extra],
      ...[owed.extraCount, owed.late, owed.lateCount],
    ];
  return JSON.stringify({
    state,
    since: overdueSince ?? null,
    events: events
      .map(
        (one) => `${one.event} ${claimed(one)} ${runs.find((run) => run.events.includes(one))?.number ?? 1}`,
      )
      .sort(),
    runs: runs.map(({ number, state: ended, stages }) => [
      ...[number, ended],
      stages.map(({ name, done, due, owed }) => [name, done ?? null, due ?? null, owedOf(owed) ?? null]),
    ]),
  });
}

function timeOf(text: string | null): number | null {
  return text === null ? null : (parseTime(text) as number);
}
