/**
 * The subscriptions of each topic. Keyed by what a topic selects and not by its name: finding the subscriptions of an item
 * takes map look-ups by its ids, and none for kinds of topics without subscriptions.
 */
import type { JourneyMembers } from "../core/journey.ts";
import type { TopicItem } from "../core/ports.ts";
import type { Topic } from "../core/topic.ts";
import { JourneyIndex } from "./journey-index.ts";
import { type Entry, messageKey } from "./topic-entry.ts";

/** A topic's items, and the subscriptions that get them. */
export interface TopicItems<Subscription, Item> {
  readonly subscriptions: ReadonlySet<Subscription>;
  readonly items: readonly Item[];
}

export class TopicIndex<Subscription, Item extends TopicItem> {
  #all: Entry<Subscription, Item> | undefined;
  readonly #byApp = new Map<string, Entry<Subscription, Item>>();
  readonly #byMessage = new Map<string, Entry<Subscription, Item>>();
  readonly #byMessageId = new Map<string, Entry<Subscription, Item>>();
  readonly #journeys = new JourneyIndex<Subscription, Item>();

  /** @param members of a journey's topic: who belongs to it by now */
  add(topic: Topic, subscription: Subscription, members?: JourneyMembers): void {
    if (topic.externalId !== undefined) {
      this.#journeys.add(topic.externalId, subscription, members);
      return;
    }
    const [entries, key] = this.#place(topic);
    let entry = entries === undefined ? this.#all : entries.get(key);
    if (entry === undefined) {
      entry = { subscriptions: new Set(), items: undefined };
      if (entries === undefined) this.#all = entry;
      else entries.set(key, entry);
    }
    entry.subscriptions.add(subscription);
  }

  remove(topic: Topic, subscription: Subscription): void {
    if (topic.externalId !== undefined) {
      this.#journeys.remove(topic.externalId, subscription);
      return;
    }
    const [entries, key] = this.#place(topic);
    const entry = entries === undefined ? this.#all : entries.get(key);
    if (entry === undefined) return;
    entry.subscriptions.delete(subscription);
    if (entry.subscriptions.size > 0) return;
    if (entries === undefined) this.#all = undefined;
    else entries.delete(key);
  }

  /** Splits items by the topics that have subscriptions; a topic's items keep their order. */
  split(items: readonly Item[]): TopicItems<Subscription, Item>[] {
    const touched: Entry<Subscription, Item>[] = [];
    const add = (entry: Entry<Subscription, Item> | undefined, item: Item) => {
      if (entry === undefined) return;
      if (entry.items === undefined) {
        entry.items = [];
        touched.push(entry);
      }
      entry.items.push(item);
    };
    const apps = this.#byApp.size > 0;
    const messages = this.#byMessage.size > 0;
    const messageIds = this.#byMessageId.size > 0;
    const journeys = this.#journeys.size > 0;
    if (apps || messages || messageIds || journeys) {
      for (const item of items) {
        if (apps) add(this.#byApp.get(item.appId), item);
        if (messages) add(this.#byMessage.get(messageKey(item.appId, item.messageId)), item);
        if (messageIds) add(this.#byMessageId.get(item.messageId), item);
        if (journeys) for (const entry of this.#journeys.of(item)) add(entry, item);
      }
    }
    const topics: TopicItems<Subscription, Item>[] = touched.map((entry) => {
      const { subscriptions, items: own = [] } = entry;
      entry.items = undefined;
      return { subscriptions, items: own };
    });
    if (this.#all !== undefined && items.length > 0) {
      topics.push({ subscriptions: this.#all.subscriptions, items });
    }
    return topics;
  }

  #place(topic: Topic): [Map<string, Entry<Subscription, Item>> | undefined, string] {
    const { appId, messageId } = topic;
    if (appId !== undefined && messageId !== undefined) {
      return [this.#byMessage, messageKey(appId, messageId)];
    }
    if (appId !== undefined) return [this.#byApp, appId];
    if (messageId !== undefined) return [this.#byMessageId, messageId];
    return [undefined, ""];
  }
}
