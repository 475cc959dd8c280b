/**
 * The subscriptions of journeys. Who belongs to a journey becomes known with its events, so the index keeps that up to date for
 * the journeys that have subscriptions: a message is a part from the first event on that says so.
 */
import { type JourneyMembers, journeyMessagesMax } from "../core/journey.ts";
import type { TopicItem } from "../core/ports.ts";
import { type Entry, messageKey } from "./topic-entry.ts";

interface JourneyEntry<Subscription, Item> extends Entry<Subscription, Item> {
  /** The keys of its messages; `journeyMessagesMax` at most. */
  readonly members: Set<string>;
  readonly byMessageId: ReadonlySet<string>;
}

export class JourneyIndex<Subscription, Item extends TopicItem> {
  readonly #byName = new Map<string, JourneyEntry<Subscription, Item>>();
  /** By the key of a message, the journeys that it is a part of. */
  readonly #byMember = new Map<string, JourneyEntry<Subscription, Item>[]>();

  /** How many journeys have subscriptions. */
  get size(): number {
    return this.#byName.size;
  }

  add(name: string, subscription: Subscription, members: JourneyMembers | undefined): void {
    let entry = this.#byName.get(name);
    if (entry === undefined) {
      const byMessageId = new Set(members?.byMessageId);
      entry = { subscriptions: new Set(), items: undefined, members: new Set(), byMessageId };
      this.#byName.set(name, entry);
      for (const { appId, messageId } of members?.messages ?? []) {
        this.#join(entry, messageKey(appId, messageId));
      }
    }
    entry.subscriptions.add(subscription);
  }

  remove(name: string, subscription: Subscription): void {
    const entry = this.#byName.get(name);
    if (entry === undefined) return;
    entry.subscriptions.delete(subscription);
    if (entry.subscriptions.size > 0) return;
    this.#byName.delete(name);
    for (const member of entry.members) {
      const left = this.#byMember.get(member)?.filter((one) => one !== entry) ?? [];
      if (left.length === 0) this.#byMember.delete(member);
      else this.#byMember.set(member, left);
    }
  }

  /** The journeys that the item belongs to. Its message becomes a part of those that it names. */
  of(item: Item): readonly Entry<Subscription, Item>[] {
    const key = messageKey(item.appId, item.messageId);
    // Findings have no external id, and no topics of journeys.
    const { externalId = "" } = item as { readonly externalId?: string };
    const named = externalId === "" ? undefined : this.#byName.get(externalId);
    if (named !== undefined) this.#join(named, key);
    const own = this.#byName.get(item.messageId);
    if (own?.byMessageId.has(item.appId) === true) this.#join(own, key);
    return this.#byMember.get(key) ?? none;
  }

  #join(entry: JourneyEntry<Subscription, Item>, key: string): void {
    if (entry.members.has(key) || entry.members.size >= journeyMessagesMax) return;
    entry.members.add(key);
    const others = this.#byMember.get(key);
    // Another array each time: one that was returned is being read.
    this.#byMember.set(key, others === undefined ? [entry] : [...others, entry]);
  }
}

const none: readonly never[] = [];
