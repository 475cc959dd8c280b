/**
 * What receivers of alerts may rely on: their last notification of an incident is true, the notifications of one come in order, and
 * its end once. Of what each receiver has accepted, each id once, and of what is so in the end when nothing is due any more.
 */

/** A notification that a receiver has accepted. */
export interface Word {
  /** Without `incident.`. */
  readonly type: string;
  readonly incident: number;
  readonly change: number;
  readonly rule: string;
  readonly appId: string;
  readonly kind: string;
  /** How many findings it says there are. */
  readonly count: number;
  /** When it was made, in microseconds. */
  readonly at: number;
}

export interface LastWords {
  /** By receiver, in the order in which it accepted them. */
  readonly words: ReadonlyMap<string, readonly Word[]>;
  /** The incidents that are active. */
  readonly active: readonly {
    readonly id: number;
    readonly rule: string;
    readonly appId: string;
    readonly kind: string;
  }[];
  readonly rules: readonly {
    readonly id: string;
    /** Absent for all. */
    readonly appId?: string | undefined;
    readonly atLeast: number;
    readonly windowMs: number;
    readonly growFactor: number;
    readonly growAtLeast: number;
    /** 0 where it does not notify of growth. */
    readonly growAfterMs: number;
    readonly sinks: readonly string[];
    /** In microseconds. */
    readonly putAt: number;
  }[];
  /** By sink, the receiver that it leads to. */
  readonly leads: ReadonlyMap<string, string>;
  /** By app, how many messages are stuck. */
  readonly stuck: ReadonlyMap<string, number>;
  /** By app, when its findings were raised, in order and in microseconds, and whether their messages are stuck still. */
  readonly raised: ReadonlyMap<string, readonly Raised[]>;
  /** Whether it is too soon to notify of the growth of an incident again. */
  readonly isTooSoon: (incident: number, growAfterMs: number) => boolean;
}

export interface Raised {
  readonly at: number;
  readonly stuck: boolean;
}

/** @returns what is not as it must be */
export function faultsOfLastWords({
  words,
  active,
  rules,
  leads,
  stuck,
  raised,
  isTooSoon,
}: LastWords): string[] {
  const faults: string[] = [];
  /** The matters of which a receiver has last been sent that something is wrong. */
  const open = new Map([...words.keys()].map((receiver) => [receiver, new Set<string>()]));
  for (const [receiver, all] of words) {
    for (const [id, mine] of Map.groupBy(all, ({ incident }) => incident)) {
      const types = mine.map(({ type }) => type);
      const fault = (text: string) =>
        faults.push(`${receiver}, incident ${id} of ${mine[0]!.rule} (${types.join(" ")}): ${text}`);
      for (const [index, { type, change }] of mine.entries()) {
        const before = mine[index - 1];
        if (before !== undefined && change <= before.change) fault(`change ${change} after ${before.change}`);
        // Unless it took the place of another beginning that had not been delivered.
        if (isEnd(type) && before !== undefined && isEnd(before.type) && change === before.change + 1)
          fault("its end has come twice");
        if (type !== "acknowledged") continue;
        if (before === undefined || isEnd(before.type)) fault("acknowledged before it has begun");
        const next = types.indexOf("opened", index);
        if (types.slice(index, next < 0 ? undefined : next).includes("reminder"))
          fault("reminded of what is acknowledged");
      }
      const last = mine.at(-1)!;
      if (isEnd(last.type)) continue;
      const incident = active.find((one) => one.id === id);
      if (incident === undefined) {
        fault("it has ended, and that was not sent");
        continue;
      }
      open.get(receiver)!.add(matterOf(last));
      if (incident.kind !== "missing") continue;
      // Something is wrong, and not much more than the receiver knows of.
      const truth = stuck.get(last.appId) ?? 0;
      if (truth === 0) fault("nothing is stuck");
      const rule = rules.find((one) => one.id === incident.rule);
      // A sink that the rule did not name for a while may know less.
      if (rule === undefined || rule.putAt > last.at || rule.growAfterMs === 0) continue;
      if (!rule.sinks.some((sink) => leads.get(sink) === receiver)) continue;
      const news = mine.findLast(
        // A reminder takes the place of growth that was still to be sent.
        ({ type, change }, index) =>
          type === "opened" ||
          type === "grown" ||
          (type === "reminder" && change > (mine[index - 1]?.change ?? 0) + 1),
      );
      const burst = burstAfter(news?.at ?? 0, raised.get(last.appId) ?? [], rule);
      if (burst !== undefined) fault(`${rule.growAtLeast} were raised at ${burst} after a quiet time`);
      if (isTooSoon(id, rule.growAfterMs)) continue;
      const { count } = mine.findLast(({ type }) => type !== "acknowledged")!;
      if (truth >= count * rule.growFactor && truth >= count + rule.growAtLeast)
        fault(`${truth} are stuck, it was last sent ${count}`);
    }
  }
  for (const incident of active) {
    const rule = rules.find(({ id }) => id === incident.rule);
    const about = `incident ${incident.id} of ${incident.rule}`;
    if (rule === undefined || (rule.appId !== undefined && rule.appId !== incident.appId)) {
      faults.push(`${about}: is active, and its rule is about something else`);
      continue;
    }
    for (const sink of rule.sinks) {
      if (!open.get(leads.get(sink)!)?.has(matterOf(incident)))
        faults.push(`${about}: ${leads.get(sink)} was not notified`);
    }
    const count = stuck.get(incident.appId) ?? 0;
    if (incident.kind === "missing" && count < rule.atLeast)
      faults.push(`${about}: is active, and ${count} are stuck`);
  }
  return faults;
}

/** When the first of so many that are stuck was raised within the window, after a quiet time that ended later than `at`. */
function burstAfter(
  at: number,
  raised: readonly Raised[],
  { growAfterMs, growAtLeast, windowMs }: LastWords["rules"][number],
): number | undefined {
  const quiet = growAfterMs * 1_000;
  const from = raised.findIndex(
    (one, index) => one.at > at && index > 0 && one.at - raised[index - 1]!.at >= quiet,
  );
  if (from < 0) return undefined;
  const times = raised.slice(from).filter(({ stuck }) => stuck);
  return times.find(
    ({ at: first }, index) =>
      (times[index + growAtLeast - 1]?.at ?? Number.POSITIVE_INFINITY) - first <= windowMs * 1_000,
  )?.at;
}

/** Where rules share a sink, it is notified once of an app; each condition is a matter of its own. */
function matterOf({ kind, rule, appId }: Pick<Word, "kind" | "rule" | "appId">): string {
  return kind === "missing" ? appId : `${appId} ${kind} ${rule}`;
}

function isEnd(type: string): boolean {
  return type === "resolved" || type === "closed";
}
