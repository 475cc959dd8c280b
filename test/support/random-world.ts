/**
 * Random lifecycles of four apps that depend on each other, and random histories of their messages: journeys over three apps, parts of
 * batches, acknowledgements by recipients, runs, failures that are made good, repeats that differ, clocks that are ahead.
 */
import type { DefinitionJson } from "../../src/lifecycle/definition.ts";
import type { NaiveReport } from "./naive-world.ts";

/** With a lifecycle. */
export const followedApps = ["shop", "pay", "ticket", "mail"] as const;
export type FollowedApp = (typeof followedApps)[number];

/** `stock` has none. */
export const worldApps = [...followedApps, "stock"] as const;
type WorldApp = (typeof worldApps)[number];

type StageJson = DefinitionJson["stages"][number];
type Draft = Omit<StageJson, "after"> & { readonly after?: readonly string[] };

/** In the order in which they happen if all goes well. */
const usual: Readonly<Record<WorldApp, readonly string[]>> = {
  shop: ["CREATED", "ACCEPTED", "QUEUED", "SMS", "ACKED", "ACKED", "COPIED", "COPIED", "SEEN"],
  pay: ["AUTHORIZED", "CAPTURED", "SETTLED"],
  ticket: ["CREATED", "TAKEN", "ACKED", "ACKED", "COPIED", "COPIED", "CLOSED"],
  mail: ["SENT", "DELIVERED"],
  stock: ["RESERVED", "PICKED"],
};
const unusual: Readonly<Record<WorldApp, readonly string[]>> = {
  shop: ["PUSH", "BOUNCED", "OTHER", "pay/CAPTURED"],
  pay: ["DECLINED", "shop/SEEN"],
  ticket: ["REOPENED", "REOPENED", "RETURNED", "RETURNED", "BOUNCED", "BROKEN", "OTHER"],
  mail: ["BOUNCED", "children", "OTHER"],
  stock: ["SHORT", "PICKED"],
};
const clients = ["a", "b", "c"];

export class RandomWorld {
  readonly #random: () => number;
  readonly #unitMs: number;
  readonly #aheadBy: number;
  #made = 0;

  /**
   * @param random from 0 to below 1
   * @param unitMs about how long a hop takes and may take
   * @param aheadBy by how many microseconds an event is dated ahead that is
   */
  constructor(
    random: () => number,
    { unitMs, aheadBy }: { readonly unitMs: number; readonly aheadBy: number },
  ) {
    this.#random = random;
    this.#unitMs = unitMs;
    this.#aheadBy = aheadBy;
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  below(max: number): number {
    return Math.floor(this.#random() * max);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  shuffle<Item>(items: readonly Item[]): Item[] {
    return items
      .map((item) => ({ item, at: this.#random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  }

  /** A lifecycle as users write it. */
  lifecycle(app: FollowedApp): DefinitionJson {
    switch (app) {
      case "shop":
        return this.#lifecycle({
          stages: [
            { event: "CREATED" },
            { event: "ACCEPTED", after: ["CREATED"] },
            { event: "QUEUED", after: ["ACCEPTED"], optional: this.chance(0.7) },
            { any_of: ["SMS", "PUSH"], after: ["ACCEPTED", "QUEUED"] },
            { app: "pay", event: "CAPTURED", after: ["CREATED"] },
            {
              app: "stock",
              any_of: ["PICKED", "SHORT"],
              after: ["pay/CAPTURED"],
              optional: this.chance(0.3),
            },
            { event: "ACKED", after: ["ACCEPTED"], each: { of: "to", by: "by" } },
            { event: "COPIED", after: ["ACKED"], times: 2 },
            { event: "SEEN", after: ["CREATED"] },
          ],
          ends: ["SEEN", "COPIED", "ACKED", "stock/PICKED", "SMS"],
          fails: ["BOUNCED", "stock/SHORT"],
        });
      case "pay":
        return this.#lifecycle({
          stages: [
            { event: "AUTHORIZED" },
            { event: "CAPTURED", after: ["AUTHORIZED"] },
            { app: "shop", event: "SEEN", after: ["CAPTURED"] },
            { event: "SETTLED", after: ["CAPTURED", "shop/SEEN"], optional: this.chance(0.5) },
          ],
          ends: ["SETTLED", "shop/SEEN", "CAPTURED"],
          fails: ["DECLINED"],
          ...(this.chance(0.5) && { journey_by: "message_id" }),
        });
      case "ticket":
        return this.#lifecycle({
          stages: [
            { event: "CREATED" },
            { event: "TAKEN", after: ["CREATED"] },
            { event: "RETURNED", after: ["TAKEN"], optional: this.chance(0.7) },
            { event: "ACKED", after: ["CREATED", "RETURNED"], each: { of: "to", by: "by" } },
            { event: "COPIED", after: ["ACKED"], times: 2 },
            { event: "CLOSED", after: ["TAKEN"] },
          ],
          ends: ["CLOSED", "COPIED"],
          fails: ["BOUNCED", "BROKEN"],
          ...(this.chance(0.7) && { recovers: true }),
          ...(this.chance(0.8) && { reopen_on: this.chance(0.5) ? ["REOPENED"] : ["REOPENED", "RETURNED"] }),
        });
      case "mail":
        return this.#lifecycle({
          stages: [
            { event: "SENT" },
            { children: "complete", after: ["SENT"], ...(this.chance(0.5) && { count: "size" }) },
            { event: "DELIVERED", after: ["SENT"], optional: true },
          ],
          ends: ["children", "DELIVERED"],
          fails: ["BOUNCED"],
        });
    }
  }

  /** Some of these stages, with deadlines; what comes after one that is left out comes after the first. */
  #lifecycle({
    stages: drafts,
    ends,
    fails,
    recovers,
    reopen_on = [],
    ...more
  }: {
    readonly stages: readonly Draft[];
    readonly ends: readonly string[];
    readonly fails: readonly string[];
  } & Pick<DefinitionJson, "recovers" | "reopen_on" | "journey_by">): DefinitionJson {
    const namesOf = ({ app, event, any_of, children }: Draft) =>
      (children === undefined ? (any_of ?? [event!]) : ["children"]).map((name) =>
        app === undefined ? name : `${app}/${name}`,
      );
    const chosen = drafts.filter((_, index) => index === 0 || this.chance(0.8));
    const names = chosen.flatMap(namesOf);
    const [first] = namesOf(drafts[0]!);
    const stages = chosen.map(({ after, optional, ...stage }, index): StageJson => {
      if (index === 0) return stage;
      const left = after!.filter((name) => names.includes(name));
      return {
        ...stage,
        after: left.length === 0 ? first! : left,
        ...((stage.each !== undefined || this.chance(0.85)) && { within: `${this.#duration(0.1, 2.5)}ms` }),
        ...(optional && { optional }),
      };
    });
    const known = ends.filter((name) => names.includes(name));
    const ending = (this.chance(0.6) ? known : this.shuffle(known)).slice(0, 1 + this.below(2));
    const complete_on = ending.length === 0 ? [names.at(-1)!] : ending;
    const failing = fails.filter(
      (name) =>
        this.chance(0.8) && !complete_on.includes(name) && (!name.includes("/") || names.includes(name)),
    );
    const reopening = reopen_on.filter((name) => !complete_on.includes(name));
    return {
      stages,
      complete_on,
      ...(failing.length > 0 && { fail_on: failing }),
      grace: `${this.below(Math.ceil(this.#unitMs / 2))}ms`,
      // Only what may be overdue is given up.
      ...(stages.some(({ within, optional }) => within !== undefined && !optional) &&
        this.chance(0.4) && { give_up: `${this.#duration(1, 6)}ms` }),
      ...(recovers && failing.length > 0 && { recovers }),
      ...(reopening.length > 0 && { reopen_on: reopening }),
      ...more,
    };
  }

  #duration(from: number, to: number): number {
    return Math.ceil((from + this.#random() * (to - from)) * this.#unitMs);
  }

  /** The reports of one to some messages that have to do with each other, some of them more than once, in the order of their times. */
  story(at: number): NaiveReport[] {
    const n = this.#made++;
    const shape = this.#random();
    const reports =
      shape < 0.45
        ? this.#journey(n, at)
        : shape < 0.75
          ? this.#life("ticket", `t${n}`, at)
          : this.#batch(n, at);
    const repeated = reports.flatMap((one) => (this.chance(0.1) ? [one, one] : [one]));
    return repeated.sort((a, b) => a.createdAt - b.createdAt);
  }

  #journey(n: number, at: number): NaiveReport[] {
    // Some ids are those of messages of `pay`, whose journeys may go by these, and some those of the story before.
    const names = [`j${n}`, `p${n}`, `j${Math.max(0, n - 1)}`];
    const named = (reports: readonly NaiveReport[]) => {
      const naming = this.below(reports.length);
      return reports.map((one, index) => ({
        ...one,
        ...((index === naming || this.chance(0.2)) && {
          externalId: this.chance(0.85) ? names[0]! : this.pick(names),
        }),
      }));
    };
    const parts = [
      this.#life("shop", `s${n}`, at),
      ...(this.chance(0.9) ? [this.#life("pay", `p${n}`, at)] : []),
      ...(this.chance(0.1) ? [this.#life("pay", `q${n}`, at)] : []),
      ...(this.chance(0.7) ? [this.#life("stock", `k${n}`, at)] : []),
    ];
    return parts.flatMap(named);
  }

  #batch(n: number, at: number): NaiveReport[] {
    const parts = this.below(4);
    const top = this.#life("mail", `b${n}`, at).filter(
      ({ event }) => event !== "DELIVERED" || this.chance(0.3),
    );
    const children = Array.from({ length: parts }, (_, part) => {
      const life = this.#life("mail", `b${n}-${part}`, at);
      // Mostly the batch; a part that is a batch itself, or a part of itself; that of another story.
      const parents = [`b${n}`, `b${n}`, `b${n}`, `b${n}-${this.below(2)}`, `b${Math.max(0, n - 1)}`];
      const naming = this.below(life.length);
      return life.map((one, index) => ({
        ...one,
        ...((index === naming || this.chance(0.2)) && { parentId: this.pick(parents) }),
      }));
    });
    return [...top, ...children.flat()];
  }

  /** The random reports of a message: mostly in order and in time, sometimes neither. */
  #life(appId: WorldApp, messageId: string, start: number): NaiveReport[] {
    const wild = this.chance(0.25);
    const again = appId === "ticket" && this.chance(0.6) ? [this.pick(["REOPENED", "RETURNED"])] : [];
    const way = [...usual[appId], ...again, ...(again.length > 0 ? usual.ticket.slice(1) : [])];
    const all = [...usual[appId], ...unusual[appId], ...unusual[appId]];
    const names = wild
      ? Array.from({ length: 1 + this.below(6) }, () => this.pick(all))
      : way.flatMap((name) => [
          ...(this.chance(0.8) ? [name] : []),
          ...(this.chance(0.04) ? [this.pick(unusual[appId])] : []),
        ]);
    const unit = this.#unitMs * 1_000;
    let at = start + this.below(2 * unit);
    return (names.length === 0 ? [usual[appId][0]!] : names).flatMap((event) => {
      const back = wild && this.chance(0.3);
      at += Math.floor(this.#random() * (this.chance(0.15) ? 5 : 0.8) * unit) * (back ? -1 : 1);
      // Many things happen at one time.
      if (this.chance(0.1)) at -= at % unit;
      const eventId = this.chance(0.25) ? `${event}-${this.below(2)}` : "";
      const report: NaiveReport = {
        ...{ appId, messageId, event, eventId, externalId: "", parentId: "" },
        createdAt: at + (this.chance(0.02) ? this.#aheadBy : 0),
        attributes: this.#attributes(event),
      };
      // A producer that says it again, otherwise.
      const other = {
        ...report,
        createdAt: at + this.below(unit) - unit / 2,
        attributes: this.#attributes(event),
      };
      return eventId !== "" && this.chance(0.2) ? [report, other] : [report];
    });
  }

  /** Who is to acknowledge, or who does, mostly those who should; and how many parts a batch has. */
  #attributes(event: string): string {
    const some = () => clients.filter(() => this.chance(0.5));
    switch (event) {
      case "CREATED":
      case "ACCEPTED":
      case "RETURNED":
      case "REOPENED":
        return this.chance(0.8) ? JSON.stringify({ to: this.chance(0.2) ? this.pick(clients) : some() }) : "";
      case "ACKED":
        return JSON.stringify({ by: this.chance(0.05) ? "z" : this.pick(clients) });
      case "SENT":
        return this.chance(0.6) ? JSON.stringify({ size: this.chance(0.05) ? "2" : this.below(4) }) : "";
      default:
        return "";
    }
  }
}
