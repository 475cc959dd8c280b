/** The metrics of the collectors that read from message brokers, by collector: there are at most `brokerCollectorsMax`. */
import type { CollectorFigures } from "../core/broker-collector.ts";
import type { Stats } from "../runtime/stats.ts";
import { counter, type Family, gauge } from "./family.ts";

export function brokerMetrics({ consumers }: Pick<Stats, "consumers">): Family[] {
  const by = (value: (figures: CollectorFigures) => number | null) =>
    Object.fromEntries(
      Object.entries(consumers).flatMap(([id, figures]) => {
        const known = value(figures);
        return known === null ? [] : [[id, known]];
      }),
    );
  const counted = (name: string, help: string, of: (figures: CollectorFigures) => number) =>
    counter(`mars_broker_${name}`, help, by(of), "collector");
  const now = (name: string, help: string, of: (figures: CollectorFigures) => number | null) =>
    gauge(`mars_broker_${name}`, help, by(of), "collector");
  return [
    counted("messages", "Messages acknowledged to the broker, refused ones too.", ({ messages }) => messages),
    counted("events", "Events of them that are on disk, those of repeats too.", ({ events }) => events),
    counted("ignored_messages", "Messages that became no event on purpose.", ({ ignored }) => ignored),
    counted(
      "refused_messages",
      "Messages that were refused, or some of their events.",
      ({ refused }) => refused,
    ),
    counted(
      "redelivered_messages",
      "Messages that the broker has sent once more.",
      ({ redelivered }) => redelivered,
    ),
    counted(
      "waits",
      "How often the collector had to wait since Mars accepted no events.",
      ({ waits }) => waits,
    ),
    now(
      "lag_messages",
      "Messages in the broker that are not acknowledged, where that is known.",
      ({ lag }) => lag,
    ),
    now("in_flight_messages", "Messages received and not acknowledged yet.", ({ in_flight }) => in_flight),
    now("reading", "1 while the collector reads, or could.", ({ state }) => Number(state === "reading")),
  ];
}
