/** The process: its version, its threads, its memory, its certificate. */
import type { ComponentChildren } from "preact";
import type { Stats } from "../../../../api/stats.ts";
import { to } from "../../../data/route.ts";
import { bytesText, countText, durationText } from "../../../data/text.ts";
import { Moment } from "../../../parts/time.tsx";

/** A thread that owes an answer for longer is slow, and beyond half a minute it hangs. */
const slowMs = 1_000;

export function ProcessFacts({
  stats: { process, tls, sign_in, set_aside, backfill, clock },
}: {
  stats: Stats;
}) {
  const slow = Object.entries(process.threads).filter(([, ms]) => ms > slowMs);
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    ["Version", process.version],
    ["Up for", durationText(process.up_ms)],
    ["Memory", bytesText(process.memory_bytes)],
    [
      "Database threads",
      slow.length === 0
        ? `${Object.keys(process.threads).join(", ")}: all answer`
        : slow.map(([name, ms]) => `${name} has not answered for ${durationText(ms)}`).join(", "),
    ],
    ["Signed in", countText(sign_in.sessions)],
    ["Set aside", <a href={to("/system", { part: "set-aside" })}>{countText(set_aside.count)}</a>],
    ["Clock", clock.settled ? `steady, ${countText(clock.steps)} steps` : "not proven yet"],
    ["Certificate", tls === null ? "none: both ports speak cleartext" : <Moment at={tls.expires_at} />],
    [
      "Backfill",
      backfill === null ? "none" : `${countText(backfill.done)} of ${countText(backfill.of)} messages`,
    ],
  ];
  return (
    <section aria-labelledby="process-title">
      <h2 id="process-title">Process</h2>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
