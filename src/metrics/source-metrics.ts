/** The metrics of sources: one series each, of a hundred at most. */
import type { Stats } from "../runtime/stats.ts";
import { counter, type Family } from "./family.ts";

export function sourceMetrics({ sources }: Pick<Stats, "sources">): Family[] {
  const all = Object.entries(sources);
  const by = (value: (source: Stats["sources"][string]) => number) =>
    Object.fromEntries(all.map(([id, one]) => [id, value(one)]));
  return [
    {
      name: "mars_source_deliveries",
      help: "Deliveries of sources by what became of them; unverified are not the sender's, late took too long to map.",
      type: "counter",
      samples: all.flatMap(([source, { deliveries }]) =>
        Object.entries(deliveries).map(([outcome, value]) => ({ labels: { source, outcome }, value })),
      ),
    },
    counter(
      "mars_source_events",
      "Events of sources.",
      by(({ events }) => events),
      "source",
    ),
    counter(
      "mars_source_dropped_items",
      "Items of deliveries that are no events.",
      by(({ dropped }) => dropped),
      "source",
    ),
    counter(
      "mars_source_deliveries_not_kept",
      "Deliveries that are not kept for replay: too large, or the database was away.",
      by(({ not_kept }) => not_kept),
      "source",
    ),
  ];
}
