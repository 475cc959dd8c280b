/** Compares what Mars shows in the end, and what it has published on the way, with the naive model. */
import { parseTime } from "../../../src/core/time.ts";
import type { Definition } from "../../../src/lifecycle/definition.ts";
import { naiveLifecycle } from "../../support/naive-lifecycle.ts";
import { type NaiveMark, type NaiveMessage, naiveWorld } from "../../support/naive-world.ts";
import type { RestartedMars } from "../restarted-mars.ts";
import type { EventClient, SentReport } from "./event-client.ts";
import type { LifecycleClient } from "./lifecycle-client.ts";
import {
  type EventJson,
  type FindingJson,
  findingText,
  isHolding,
  type MessageJson,
  messageText,
  naiveFindingTexts,
  naiveMessageText,
  readFindings,
  readMessages,
} from "./shown.ts";
import type { TriageClient } from "./triage-client.ts";

export interface Clients {
  readonly mars: RestartedMars;
  readonly events: EventClient;
  readonly lifecycles: LifecycleClient;
  readonly triage: TriageClient;
}

export interface Compared {
  readonly messages: readonly MessageJson[];
  readonly findings: readonly FindingJson[];
  readonly model: readonly NaiveMessage[];
  /** In the model, and not in Mars. */
  readonly missed: readonly string[];
  /** In Mars, and not in the model. */
  readonly wrong: readonly string[];
  readonly doubled: readonly string[];
  /** Of messages, counts, groups and journeys. */
  readonly faults: readonly string[];
}

/** When nothing changes any more. */
export async function compare({ mars, events, lifecycles, triage }: Clients): Promise<Compared> {
  const faults: string[] = [];
  const messages = await readMessages(mars);
  const findings = await readFindings(mars);
  const shown = new Map(messages.map((one) => [keyOf(one.app_id, one.message_id), one]));
  const reports = Map.groupBy(events.reports, ({ appId, messageId }) => keyOf(appId, messageId));
  for (const [key, sent] of reports) {
    const message = shown.get(key);
    if (message === undefined) faults.push(`${key} is not there`);
    else faults.push(...believe(message, sent, events));
  }
  for (const key of shown.keys()) if (!reports.has(key)) faults.push(`${key} was never reported`);

  const runs = new Map(findings.map(({ id, run }) => [id, run]));
  const marks = Map.groupBy(
    findings.flatMap(({ id, app_id, message_id, kind, stage }) => {
      const mark = triage.marks.get(id);
      return mark === undefined
        ? []
        : [{ key: keyOf(app_id, message_id), kind, stage, run: runs.get(id)!, ...mark }];
    }),
    ({ key }) => key,
  );
  const definitions = new Map<string, Definition | undefined>();
  for (const [key, sent] of reports) {
    const version = shown.get(key)?.lifecycle?.version;
    const choices = lifecycles.choicesOf(sent[0]!.appId, sent);
    const choice = choices.find((one) => one.version === version);
    if (choice === undefined)
      faults.push(`${key} goes by ${version}, not by ${choices.map((one) => one.version).join(" or ")}`);
    definitions.set(key, (choice ?? choices[0])?.definition);
  }
  const model = naiveWorld(events.reports, {
    clock: Date.now() * 1_000,
    lifecycleOf(appId, messageId) {
      const definition = definitions.get(keyOf(appId, messageId));
      return definition && naiveLifecycle(definition);
    },
    marksOf: (appId, messageId): readonly NaiveMark[] => marks.get(keyOf(appId, messageId)) ?? [],
  });
  for (const one of model) {
    const message = shown.get(keyOf(one.appId, one.messageId));
    const [is, wanted] = [message && messageText(message), naiveMessageText(one)];
    if (message !== undefined && is !== wanted)
      faults.push(`${keyOf(one.appId, one.messageId)}\n  ${is}\n  ${wanted}`);
  }
  faults.push(...(await compareCounts(mars, model)), ...(await compareJourneys(mars, model)));

  const wanted = new Set(model.flatMap(naiveFindingTexts));
  const holding = findings.filter(isHolding).map(findingText);
  const places = findings.map(({ app_id, message_id, run, kind, stage, retracted_at }) =>
    // What is retracted may be of runs that were there before.
    retracted_at === null ? [app_id, message_id, run, kind, stage].join(" ") : "",
  );
  const ids = findings.map(({ id }) => String(id));
  return {
    ...{ messages, findings, model, faults },
    missed: [...wanted.difference(new Set(holding))],
    wrong: [...new Set(holding).difference(wanted)],
    doubled: [...repeated(holding), ...repeated(places.filter((place) => place !== "")), ...repeated(ids)],
  };
}

export function keyOf(appId: string, messageId: string): string {
  return `${appId} ${messageId}`;
}

function repeated(texts: readonly string[]): string[] {
  return texts.filter((text, index) => texts.indexOf(text) !== index);
}

/**
 * Of events from ahead only Mars knows when they happened: at the receipt of the first report that is, unless another one dates them
 * before. That must lie between the first request and the first answer. And no event has come more often than it was sent, or less often
 * than that was acknowledged.
 */
function believe(
  { events, app_id, message_id }: MessageJson,
  sent: readonly SentReport[],
  client: EventClient,
): string[] {
  const faults: string[] = [];
  const about = keyOf(app_id, message_id);
  const same = Map.groupBy(sent, (one) =>
    one.eventId === ""
      ? JSON.stringify([one.event, one.createdAt, one.externalId, one.attributes, one.parentId])
      : `${one.event} ${one.eventId}`,
  );
  for (const reports of same.values()) {
    const event = events.find((one) => reports.some((report) => isOf(one, report)));
    if (event === undefined) {
      faults.push(`${about}: ${reports[0]!.event} is not there`);
      continue;
    }
    const count = (name: "sent" | "acknowledged") => reports.reduce((sum, one) => sum + one[name], 0);
    const came = event.duplicates + 1;
    if (came < count("acknowledged") || came > count("sent"))
      faults.push(`${about}: ${event.event} has come ${came} times, acknowledged ${count("acknowledged")}`);
    const [ahead, dated] = [
      reports.filter((one) => client.isAhead(one)),
      reports.filter((one) => !client.isAhead(one)),
    ];
    const at = (parseTime(event.created_at) as number) - Math.round((event.ahead_by_ms ?? 0) * 1_000);
    const earliest = Math.min(...dated.map(({ createdAt }) => createdAt));
    const slack = 5_000;
    const received = (one: SentReport) => at >= one.sentAt! - slack && at <= one.acknowledgedAt! + slack;
    if (
      at === earliest
        ? ahead.some((one) => one.acknowledgedAt! + slack < at)
        : at > earliest || !ahead.some(received)
    )
      faults.push(
        `${about}: ${event.event} counts as of ${at}, dated ${earliest}, from ahead sent at ${ahead[0]?.sentAt}`,
      );
    for (const one of ahead) Object.assign(one, { aheadBy: one.createdAt - at });
  }
  return faults;
}

function isOf(event: EventJson, report: SentReport): boolean {
  return (
    event.event === report.event &&
    (event.event_id ?? "") === report.eventId &&
    parseTime(event.created_at) === report.createdAt &&
    (event.external_id ?? "") === report.externalId &&
    (event.parent_id ?? "") === report.parentId &&
    JSON.stringify(event.attributes) === (report.attributes === "" ? "null" : report.attributes)
  );
}

async function compareCounts(mars: RestartedMars, model: readonly NaiveMessage[]): Promise<string[]> {
  const faults: string[] = [];
  const { apps } = await mars.read<{
    apps: { app_id: string; messages: Record<string, number>; events: number }[];
  }>("/api/apps");
  const byApp = Map.groupBy(model, ({ appId }) => appId);
  for (const { app_id, messages, events } of apps) {
    const mine = byApp.get(app_id) ?? [];
    const wanted = Object.fromEntries(
      [...Map.groupBy(mine, ({ state }) => state)].map(([s, of]) => [s, of.length]),
    );
    for (const [state, count] of Object.entries(messages))
      if (count !== (wanted[state] ?? 0))
        faults.push(`${app_id}: ${count} ${state}, not ${wanted[state] ?? 0}`);
    const total = mine.reduce((sum, one) => sum + one.events.length, 0);
    if (events !== total) faults.push(`${app_id}: ${events} events, not ${total}`);
    faults.push(...(await compareFunnel(mars, app_id, mine)));
  }
  const groups: string[] = [];
  interface Group {
    readonly app_id: string;
    readonly stage: string;
    readonly total: number;
    readonly acknowledged: number;
  }
  const { groups: found } = await mars.read<{ groups: Group[] }>("/api/overdue/groups?limit=200");
  for (const { app_id, stage, total, acknowledged } of found)
    groups.push(`${app_id} ${stage} ${total} ${acknowledged}`);
  const missing = model.flatMap(({ appId, findings }) =>
    findings.flatMap(({ kind, stage, endedBy, mark }) =>
      kind === "missing" && endedBy === undefined ? [{ name: `${appId} ${stage}`, mark }] : [],
    ),
  );
  const sums = new Map<string, [total: number, acknowledged: number]>();
  for (const { name, mark } of missing) {
    const sum = sums.get(name) ?? [0, 0];
    sums.set(name, [sum[0] + 1, sum[1] + (mark === "acknowledged" ? 1 : 0)]);
  }
  // A hop that several versions come to by different ways has a group for each.
  const whole = new Map<string, [number, number]>();
  for (const { app_id, stage, total, acknowledged } of found) {
    const sum = whole.get(`${app_id} ${stage}`) ?? [0, 0];
    whole.set(`${app_id} ${stage}`, [sum[0] + total, sum[1] + acknowledged]);
  }
  for (const name of new Set([...sums.keys(), ...whole.keys()])) {
    const [is, wanted] = [whole.get(name), sums.get(name)];
    if (is?.join() !== wanted?.join()) faults.push(`group ${name}: ${is ?? "none"}, not ${wanted ?? "none"}`);
  }
  return faults;
}

/** How many runs have been opened, and of the stages of the lifecycle that holds how many reached them. */
async function compareFunnel(
  mars: RestartedMars,
  app: string,
  model: readonly NaiveMessage[],
): Promise<string[]> {
  const { opened } = await mars.read<{ opened: { count: number } }>(`/api/apps/${app}/funnel?since=7d`);
  const runs = model.reduce((sum, one) => sum + one.runs.length, 0);
  return opened.count === runs ? [] : [`funnel of ${app}: ${opened.count} opened, not ${runs}`];
}

async function compareJourneys(mars: RestartedMars, model: readonly NaiveMessage[]): Promise<string[]> {
  const faults: string[] = [];
  const wanted = new Map<string, string[]>();
  for (const { appId, messageId, journeys } of model)
    for (const name of journeys) wanted.set(name, [...(wanted.get(name) ?? []), keyOf(appId, messageId)]);
  for (const [name, members] of wanted) {
    const { messages } = await mars.read<{ messages: MessageJson[] }>(`/api/journeys/${name}?limit=1`);
    const is = messages.map(({ app_id, message_id }) => keyOf(app_id, message_id)).sort();
    if (is.join() !== members.sort().join()) faults.push(`journey ${name}: ${is}, not ${members}`);
  }
  return faults;
}
