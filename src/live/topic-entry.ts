/** A topic with subscriptions, as the index of topics keeps it. */
export interface Entry<Subscription, Item> {
  readonly subscriptions: Set<Subscription>;
  /** Used while items are being split. */
  items: Item[] | undefined;
}

/** By which messages are found. No id contains NUL, so no two messages share a key. */
export function messageKey(appId: string, messageId: string): string {
  return `${appId}\0${messageId}`;
}
