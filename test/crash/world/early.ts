/** Whether something was called missing whose event had been acknowledged by then. */
import { parseTime } from "../../../src/core/time.ts";
import type { Definition } from "../../../src/lifecycle/definition.ts";
import { naiveLifecycle } from "../../support/naive-lifecycle.ts";
import { type NaiveMessage, naiveWorld } from "../../support/naive-world.ts";
import { type Clients, keyOf } from "./check.ts";
import type { SentReport } from "./event-client.ts";
import type { FindingJson } from "./shown.ts";

/** Reports on their way at one time of which every choice is looked at. */
const inFlightMax = 8;
/** Combinations of definitions that are looked at. */
const waysMax = 256;

/**
 * @param changes all that were published
 * @param model all messages, as they are in the end
 * @returns those that were false, and how many could not be judged: too much was on its way
 */
export function calledTooEarly(
  { events, lifecycles }: Pick<Clients, "events" | "lifecycles">,
  changes: readonly FindingJson[],
  model: readonly NaiveMessage[],
): { readonly early: readonly FindingJson[]; readonly judged: number; readonly unknown: number } {
  const messages = new Map(model.map((one) => [keyOf(one.appId, one.messageId), one]));
  const byJourney = new Map<string, NaiveMessage[]>();
  for (const one of model)
    for (const name of new Set([...one.journeys, one.messageId]))
      byJourney.set(name, [...(byJourney.get(name) ?? []), one]);
  const byParent = Map.groupBy(model, ({ appId, parentId }) => keyOf(appId, parentId));
  const reports = Map.groupBy(events.reports, ({ appId, messageId }) => keyOf(appId, messageId));
  const raised = new Set<string>();
  const early: FindingJson[] = [];
  let [judged, unknown] = [0, 0];
  for (const finding of changes) {
    const { app_id, message_id, kind, stage, retracted_at, imported, raised_at } = finding;
    if (kind !== "missing" || retracted_at !== null || imported) continue;
    if (raised.has(`${finding.id} ${raised_at}`)) continue;
    raised.add(`${finding.id} ${raised_at}`);
    const at = parseTime(raised_at) as number;
    const some = around(messages.get(keyOf(app_id, message_id))!);
    const sent = some.flatMap((one) => reports.get(keyOf(one.appId, one.messageId)) ?? []);
    const had = sent.filter((one) => one.acknowledgedAt! < at);
    const inFlight = sent.filter((one) => one.acknowledgedAt! >= at && one.sentAt! <= at);
    const ways = waysOf(some, at);
    if (inFlight.length > inFlightMax || ways === undefined) {
      unknown += 1;
      continue;
    }
    judged += 1;
    const own = lifecycles.versionOf(app_id, finding.version);
    const isMissing = (choice: readonly SentReport[]) =>
      ways.some((definitions) =>
        naiveWorld([...had, ...choice], {
          clock: at + 1,
          lifecycleOf(appId, messageId) {
            const isItself = appId === app_id && messageId === message_id;
            const definition = isItself ? own : definitions.get(keyOf(appId, messageId));
            if (definition === undefined) return undefined;
            // It may be abandoned by now; then it was missing before.
            const { giveUp: _, ...lifecycle } = naiveLifecycle(definition);
            return lifecycle;
          },
          marksOf: () => [],
        }).some(
          (one) =>
            one.appId === app_id &&
            one.messageId === message_id &&
            one.findings.some((found) => found.kind === kind && found.stage === stage),
        ),
      );
    if (!subsets(inFlight).some(isMissing)) early.push(finding);
  }
  return { early, judged, unknown };

  /**
   * The definitions by which messages may have gone at a time, in every combination: each keeps the one that it began with until a
   * backfill reaches it. `undefined` for too many.
   */
  function waysOf(
    some: readonly NaiveMessage[],
    at: number,
  ): ReadonlyMap<string, Definition | undefined>[] | undefined {
    let ways: ReadonlyMap<string, Definition | undefined>[] = [new Map()];
    for (const { appId, messageId } of some) {
      const key = keyOf(appId, messageId);
      const choices = lifecycles.choicesUntil(appId, reports.get(key)!, at);
      ways = ways.flatMap((way) => choices.map((definition) => new Map([...way, [key, definition]])));
      if (ways.length > waysMax) return undefined;
    }
    return ways;
  }

  /** The message, its children and theirs, and the messages of its journeys. */
  function around(message: NaiveMessage): readonly NaiveMessage[] {
    const all = new Set([message]);
    for (const name of [...message.journeys, message.messageId])
      for (const one of byJourney.get(name) ?? []) all.add(one);
    for (const one of all)
      for (const child of byParent.get(keyOf(one.appId, one.messageId)) ?? []) all.add(child);
    return [...all];
  }
}

/** All of them: of few. */
function subsets<Item>(items: readonly Item[]): Item[][] {
  const all: Item[][] = [[]];
  for (const item of items) all.push(...all.map((some) => [...some, item]));
  return all;
}
