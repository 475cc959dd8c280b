/**
 * The mapping: what events a delivery becomes. Pure, and off the thread that serves sockets: see `workers/mapping-service.ts`.
 *
 * Each item of a delivery becomes one event or is dropped, and the rule that dropped it is named.
 */
import { createHash } from "node:crypto";
import type { MarsEvent, Micros } from "../core/event.ts";
import { eventBounds } from "../core/event-bounds.ts";
import { stringifyExact } from "../core/exact-json.ts";
import { appRights } from "../core/rights.ts";
import { checkEvent, type Problems } from "../core/validate.ts";
import { fitAttributes } from "../formats/fit-attributes.ts";
import { Absent } from "./cel.ts";
import { celToJson } from "./cel-json.ts";
import { compileExpression, type Expression } from "./expression.ts";
import { readMoment } from "./moment.ts";
import type { Scope } from "./path.ts";
import { parsePayload } from "./payload.ts";
import { rulesOf } from "./rules.ts";
import { type Delivery, itemsMax, notWanted, type RuleName, ruleNames, type Source } from "./source.ts";

/** An event that has passed validation; its time of receipt is given by who accepts it. */
export type MappedEvent = Omit<MarsEvent, "createdAt" | "receivedAt"> & {
  /** Absent: the time of receipt. */
  readonly createdAt?: Micros;
  /** Of its item in the delivery, from 0. */
  readonly index: number;
};

type CheckedEvent = Omit<MappedEvent, "index">;

/** Why an item became no event. */
export interface Drop {
  /** Of the item in its delivery, from 0. */
  readonly index: number;
  /** `when`, or the rule or field that is at fault. */
  readonly rule: string;
  readonly reason: string;
}

export interface MapResult {
  readonly items: number;
  readonly events: readonly MappedEvent[];
  /** Items that `when` leaves out, and that are not kept. */
  readonly ignored: number;
  /** Items with a rule at fault, and that are not kept. */
  readonly faulty: number;
  /** The first of these, `dropsMax` at most. */
  readonly drops: readonly Drop[];
  /** What was done to attributes that do not fit, `dropsMax` at most. */
  readonly notes: readonly string[];
  /** The delivery as a whole could not be read: then there are no items. */
  readonly fault?: string;
}

/** Of one answer. */
export const dropsMax = 20;
const reasonCharsMax = 300;

export interface Mapping {
  map(delivery: Delivery): MapResult;
}

/** A rule that is at fault, by its name. */
export class RuleFault extends Error {
  readonly rule: string;

  constructor(rule: string, reason: string) {
    super(reason.slice(0, reasonCharsMax).toWellFormed());
    this.rule = rule;
  }
}

/** Of all rules, those at fault with their places: `message_id`, `unexpected token at column 5`. */
export function mappingProblems(
  source: Source,
): readonly { readonly field: string; readonly message: string }[] {
  const { attributes = {}, ...rules } = rulesOf(source);
  const texts: (readonly [string, string | undefined])[] = [
    ["app_from", source.appFrom],
    ...ruleNames.map((name) => [name, rules[name]] as const),
    ...Object.entries(attributes).map(([name, text]) => [`attributes.${name}`, text] as const),
  ];
  return texts.flatMap(([field, text]) => {
    if (text === undefined) return [];
    try {
      compileExpression(text);
      return [];
    } catch (thrown) {
      return [{ field, message: thrown instanceof Error ? thrown.message : String(thrown) }];
    }
  });
}

/** @throws `Error` for a source of which `mappingProblems` has any */
export function compileMapping(source: Source): Mapping {
  const { attributes = {}, ...texts } = rulesOf(source);
  const rules = new Map<RuleName | "app_from", Expression>();
  for (const name of ruleNames)
    if (texts[name] !== undefined) rules.set(name, compileExpression(texts[name]));
  if (source.appFrom !== undefined) rules.set("app_from", compileExpression(source.appFrom));
  const members = Object.entries(attributes).map(([name, text]) => [name, compileExpression(text)] as const);
  const sender = appRights(source.appFrom === undefined ? [source.appId ?? ""] : source.apps);
  // A literal app may end with the star of a pattern.
  const mayApp = source.appFrom === undefined ? (app: string) => app === source.appId : sender.mayApp;

  function ruleValue(name: RuleName | "app_from", scope: Scope): unknown {
    const rule = rules.get(name);
    if (rule === undefined) return undefined;
    try {
      return rule(scope) ?? undefined;
    } catch (thrown) {
      if (thrown instanceof Absent && !required.has(name)) return undefined;
      throw new RuleFault(name, thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  function textOf(name: RuleName | "app_from", scope: Scope): string | undefined {
    const value = ruleValue(name, scope);
    switch (typeof value) {
      case "string":
        return value;
      case "bigint":
        return String(value);
      case "number":
        return String(value);
      case "undefined":
        return undefined;
      default:
        throw new RuleFault(
          name,
          `must give a text or a number, gives ${Array.isArray(value) ? "a list" : `a ${typeof value}`}`,
        );
    }
  }

  function isWanted(scope: Scope): boolean {
    const value = ruleValue("when", scope);
    if (value === undefined && rules.has("when")) return false;
    if (value === undefined || typeof value === "boolean") return value ?? true;
    throw new RuleFault("when", "must give true or false");
  }

  function attributesOf(scope: Scope, notes: string[]): Readonly<Record<string, unknown>> | undefined {
    const { attributesBytesMax } = eventBounds;
    const values = members.map(([name, rule]) => {
      try {
        return [name, celToJson(rule(scope), attributesBytesMax)] as const;
      } catch (thrown) {
        // The event is worth more than one of its attributes.
        if (!(thrown instanceof Absent))
          notes.push(`${name} is left out: ${String((thrown as Error).message)}`);
        return [name, undefined] as const;
      }
    });
    return fitAttributes(values, attributesBytesMax, notes);
  }

  function eventOf(scope: Scope, notes: string[]): CheckedEvent {
    const created = ruleValue("created_at", scope);
    const createdAt = created === undefined ? undefined : readMoment(created);
    if (typeof createdAt === "string") throw new RuleFault("created_at", createdAt);
    const input = {
      app_id: source.appFrom === undefined ? source.appId : textOf("app_from", scope),
      message_id: textOf("message_id", scope),
      event: textOf("event", scope),
      event_id: textOf("event_id", scope),
      external_id: textOf("external_id", scope),
      parent_id: textOf("parent_id", scope),
      attributes: attributesOf(scope, notes),
    };
    return checked(input, createdAt);
  }

  function checked(input: object, createdAt: Micros | undefined): CheckedEvent {
    const problems: Problems = { list: [], sender: { mayApp } };
    const event = checkEvent(input, 0, problems, createdAt);
    const [problem] = problems.list;
    if (event === undefined || problem !== undefined) {
      throw new RuleFault(
        problem?.field === "app_id" && source.appFrom !== undefined ? "app_from" : (problem?.field ?? ""),
        problem?.message ?? "is no event",
      );
    }
    const { createdAt: _, receivedAt: __, ...rest } = event;
    return createdAt === undefined ? rest : { ...rest, createdAt };
  }

  /** What is not mapped, as an event: by its message where that is known, else by the item's own digest. */
  function unmapped(scope: Scope, { rule, reason }: Omit<Drop, "index">): CheckedEvent {
    const digest = createHash("sha256").update(stableText(scope.item)).digest("hex").slice(0, 32);
    const tryText = (name: RuleName) => {
      try {
        return textOf(name, scope);
      } catch {
        return undefined;
      }
    };
    const base = {
      app_id: source.appFrom === undefined ? source.appId : textOf("app_from", scope),
      event: "unmapped",
      event_id: `unmapped:${digest}`,
      attributes: { source: source.id, rule, reason },
    };
    try {
      return checked({ ...base, message_id: tryText("message_id") || `unmapped-${digest}` }, undefined);
    } catch {
      return checked({ ...base, message_id: `unmapped-${digest}` }, undefined);
    }
  }

  return {
    map(delivery) {
      const events: MappedEvent[] = [];
      const drops: Drop[] = [];
      const notes: string[] = [];
      const counts = { ignored: 0, faulty: 0 };
      let items: readonly unknown[];
      let body: unknown;
      const { headers } = delivery;
      try {
        body = parsePayload(delivery);
        items = itemsOf(ruleValue("each", { body, item: body, headers }), rules.has("each"), body);
      } catch (thrown) {
        const fault =
          thrown instanceof RuleFault ? `${thrown.rule}: ${thrown.message}` : (thrown as Error).message;
        return { items: 0, events, ...counts, drops, notes, fault };
      }
      items.forEach((item, index) => {
        const scope: Scope = { body, item, headers };
        const itemNotes: string[] = [];
        try {
          if (isWanted(scope)) {
            events.push({ ...eventOf(scope, itemNotes), index });
            if (notes.length < dropsMax) notes.push(...itemNotes.slice(0, dropsMax - notes.length));
            return;
          }
          if (!drop({ index, rule: "when", reason: notWanted }, scope)) counts.ignored += 1;
        } catch (thrown) {
          if (!(thrown instanceof RuleFault)) throw thrown;
          if (!drop({ index, rule: thrown.rule, reason: thrown.message }, scope)) counts.faulty += 1;
        }
      });
      return { items: items.length, events, ...counts, drops, notes };

      /** @returns whether it is kept as an event all the same */
      function drop(one: Drop, scope: Scope): boolean {
        if (drops.length < dropsMax) drops.push(one);
        if (source.otherwise !== "keep") return false;
        try {
          return events.push({ ...unmapped(scope, one), index: one.index }) > 0;
        } catch (thrown) {
          // Without an app there is nowhere to keep it.
          if (!(thrown instanceof RuleFault)) throw thrown;
          return false;
        }
      }
    },
  };
}

const required: ReadonlySet<string> = new Set(["message_id", "event", "app_from", "each"]);

/** One value that is no list is the one item: some senders send a list for several only. */
function itemsOf(value: unknown, hasRule: boolean, body: unknown): readonly unknown[] {
  if (!hasRule) return [body];
  const items = Array.isArray(value) ? value : [value];
  if (items.length > itemsMax)
    throw new RuleFault("each", `must give at most ${itemsMax} items, gives ${items.length}`);
  return items;
}

function stableText(value: unknown): string {
  return stringifyExact(value) ?? "";
}
