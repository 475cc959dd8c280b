/**
 * Who follows what. Kept by what a topic selects rather than by its name, so that finding the followers of an event
 * takes map look-ups by its ids, and none for kinds of topics that nobody follows.
 */
import type { TopicItem } from "../core/ports.ts";
import type { Topic } from "../core/topic.ts";

/** The followers of one topic. */
export interface Group<Member, Item> {
  readonly members: Set<Member>;
  /** Used while a batch is being split. */
  batch: Item[] | undefined;
}

export class TopicIndex<Member, Item extends TopicItem> {
  #all: Group<Member, Item> | undefined;
  readonly #byApp = new Map<string, Group<Member, Item>>();
  readonly #byMessage = new Map<string, Group<Member, Item>>();
  readonly #byMessageId = new Map<string, Group<Member, Item>>();

  add(topic: Topic, member: Member): void {
    const [groups, key] = this.#place(topic);
    let group = groups === undefined ? this.#all : groups.get(key);
    if (group === undefined) {
      group = { members: new Set(), batch: undefined };
      if (groups === undefined) this.#all = group;
      else groups.set(key, group);
    }
    group.members.add(member);
  }

  remove(topic: Topic, member: Member): void {
    const [groups, key] = this.#place(topic);
    const group = groups === undefined ? this.#all : groups.get(key);
    if (group === undefined) return;
    group.members.delete(member);
    if (group.members.size > 0) return;
    if (groups === undefined) this.#all = undefined;
    else groups.delete(key);
  }

  /** The followed topics that the events belong to, each with its events in the order given. */
  split(events: readonly Item[]): { members: Set<Member>; events: readonly Item[] }[] {
    const touched: Group<Member, Item>[] = [];
    const take = (group: Group<Member, Item> | undefined, event: Item) => {
      if (group === undefined) return;
      if (group.batch === undefined) {
        group.batch = [];
        touched.push(group);
      }
      group.batch.push(event);
    };
    const apps = this.#byApp.size > 0;
    const messages = this.#byMessage.size > 0;
    const messageIds = this.#byMessageId.size > 0;
    if (apps || messages || messageIds) {
      for (const event of events) {
        if (apps) take(this.#byApp.get(event.appId), event);
        if (messages) take(this.#byMessage.get(messageKey(event.appId, event.messageId)), event);
        if (messageIds) take(this.#byMessageId.get(event.messageId), event);
      }
    }
    const parts = touched.map((group) => {
      const batch = group.batch ?? [];
      group.batch = undefined;
      return { members: group.members, events: batch as readonly Item[] };
    });
    if (this.#all !== undefined && events.length > 0) parts.push({ members: this.#all.members, events });
    return parts;
  }

  #place(topic: Topic): [Map<string, Group<Member, Item>> | undefined, string] {
    const { appId, messageId } = topic;
    if (appId !== undefined && messageId !== undefined) {
      return [this.#byMessage, messageKey(appId, messageId)];
    }
    if (appId !== undefined) return [this.#byApp, appId];
    if (messageId !== undefined) return [this.#byMessageId, messageId];
    return [undefined, ""];
  }
}

/** No id contains NUL, so no two messages share a key. */
function messageKey(appId: string, messageId: string): string {
  return `${appId}\0${messageId}`;
}
