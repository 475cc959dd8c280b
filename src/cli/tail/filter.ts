/** Which items of a topic are shown: `app=shop,event=PAID,prefix=order-,attributes.region=eu`. */
import { nearest } from "../../core/nearest.ts";

export interface Filter {
  readonly app?: string;
  readonly event?: string;
  /** What the message id begins with. */
  readonly prefix?: string;
  /** All of these; Mars selects by them. */
  readonly attributes: ReadonlyMap<string, string>;
}

const names = ["app", "event", "prefix"] as const;
const attribute = "attributes.";

/** @returns the filter, and what of it is wrong, as sentences */
export function readFilter(given: Readonly<Record<string, string>>): {
  readonly filter: Filter;
  readonly problems: readonly string[];
} {
  const attributes = new Map<string, string>();
  const filter: { app?: string; event?: string; prefix?: string } = {};
  const problems: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const known = names.find((one) => one === name);
    if (known !== undefined) filter[known] = value;
    else if (name.startsWith(attribute) && name.length > attribute.length) {
      attributes.set(name.slice(attribute.length), value);
    } else {
      const near = nearest(name, [...names]);
      problems.push(`--filter has no ${name}${near || ": app, event, prefix and attributes.NAME"}`);
    }
  }
  return { filter: { ...filter, attributes }, problems };
}

/** The topic that has all that the filter may choose, with the attributes that Mars is to select by. */
export function addressOf(topic: string | undefined, { app, attributes }: Filter): URLSearchParams {
  const wanted = topic ?? (app === undefined ? "all" : `apps/${encodeURIComponent(app)}`);
  return new URLSearchParams([
    ["topic", wanted],
    ...[...attributes].map(([name, value]): [string, string] => [`${attribute}${name}`, value]),
  ]);
}

interface Item {
  readonly app_id?: unknown;
  readonly message_id?: unknown;
  readonly event?: unknown;
}

/** By all but the attributes. */
export function matches(item: Item, { app, event, prefix }: Filter): boolean {
  return (
    (app === undefined || item.app_id === app) &&
    (event === undefined || item.event === event) &&
    (prefix === undefined || (typeof item.message_id === "string" && item.message_id.startsWith(prefix)))
  );
}
