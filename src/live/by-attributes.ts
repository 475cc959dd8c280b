/** A subscriber of those events of a topic that have some attributes. */
import { type AttributeFilter, hasAttributes } from "../core/attributes.ts";
import type { Subscriber, TopicItem } from "../core/ports.ts";

/**
 * The subscriber, which is offered no other events. Its place in the topic is that of the subscription, which moves on over the events that
 * it is not offered: so nothing is missed, and nothing read twice.
 */
export function byAttributes<Item extends TopicItem>(
  subscriber: Subscriber<Item>,
  filters: readonly AttributeFilter[],
): Subscriber<Item> {
  return {
    ...(subscriber.caller && { caller: subscriber.caller }),
    subscribed: (seq, recovered) => subscriber.subscribed(seq, recovered),
    failed: (error) => subscriber.failed(error),
    events(events) {
      const some = events.filter((item) =>
        hasAttributes((item as { readonly attributes?: string }).attributes ?? "", filters),
      );
      return some.length === 0 ? undefined : subscriber.events(some);
    },
  };
}
