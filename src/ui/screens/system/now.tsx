/** How Mars itself is: what waits at each step, what it keeps, and what goes wrong. */
import { useRef } from "preact/hooks";
import type { Stats } from "../../../api/stats.ts";
import { useRead } from "../../data/resource.ts";
import { bytesText, countText, shareText } from "../../data/text.ts";
import { Badge } from "../../parts/badge.tsx";
import { Bars } from "../../parts/bars.tsx";
import { Failure, Pending } from "../../parts/notice.tsx";

const refreshMs = 2_000;
/** Reads that the small charts show. */
const keptMax = 90;

interface Moment {
  readonly at: number;
  readonly accepted: number;
  readonly behind: number;
}

export function Now() {
  const { data, error } = useRead("getStats", {}, { everyMs: refreshMs });
  const past = useRef<Moment[]>([]);
  const stats = data as unknown as Stats | undefined;
  if (stats === undefined) {
    return error === undefined ? (
      <Pending what="the system" rows={10} />
    ) : (
      <Failure error={error} what="The system" />
    );
  }
  const last = past.current.at(-1);
  if (last === undefined || Date.now() - last.at > refreshMs / 2) {
    const { accepted } = stats.totals;
    past.current = [...past.current, { at: Date.now(), accepted, behind: stats.store.behind }].slice(
      -keptMax,
    );
  }
  const rates = past.current.slice(1).map(({ at, accepted }, index) => {
    const before = past.current[index]!;
    return Math.max(0, ((accepted - before.accepted) * 1_000) / (at - before.at));
  });
  const loops = Object.entries(stats.loops);
  return (
    <>
      {error !== undefined && <Failure error={error} what="The system" />}
      <ul class="cards">
        <Card
          name="Events"
          figures={[
            ["accepted a second", countText(Math.round(rates.at(-1) ?? 0))],
            ["since the start", countText(stats.totals.accepted)],
            ["refused", countText(stats.totals.refused)],
          ]}
          bars={rates}
          label="Events accepted a second, over the last minutes"
        />
        <Card
          name="Store"
          tone={stats.store.available ? "good" : "bad"}
          figures={[
            ["behind", countText(stats.store.behind)],
            ["stored", countText(stats.totals.stored)],
            ["kept by readers", bytesText(stats.store.log_bytes)],
          ]}
          bars={past.current.map(({ behind }) => behind)}
          label="Events that wait for the store, over the last minutes"
          fault={stats.store.last_error}
        />
        <Card
          name="Journal"
          figures={[
            ["waiting", bytesText(stats.journal.bytes)],
            ["of its bound", shareText(stats.journal.bytes / stats.journal.bytes_max)],
            ["damaged files", countText(stats.journal.damaged_files)],
          ]}
        />
        <Card
          name="Lifecycles"
          figures={[
            ["behind", countText(stats.projector.behind)],
            ["raised", countText(stats.projector.findings.raised)],
            ["retracted", countText(stats.projector.findings.retracted)],
          ]}
          fault={stats.projector.last_error}
        />
      </ul>
      <section aria-labelledby="steps-title">
        <h2 id="steps-title">
          Collectors <span class="muted">{countText(stats.event_collector_queue)} events wait</span>
        </h2>
        {stats.event_collector_queue > 0 && (
          <Bars
            height={48}
            values={stats.collectors}
            label={`Events that wait in each of the ten collectors: ${stats.collectors.join(", ")}`}
          />
        )}
      </section>
      <section aria-labelledby="loops-title">
        <h2 id="loops-title">Loops</h2>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Loop</th>
              <th scope="col">Now</th>
              <th scope="col" class="number">
                Failures
              </th>
              <th scope="col">Last error</th>
            </tr>
          </thead>
          <tbody>
            {loops.map(([name, { failures, last_error }]) => (
              <tr key={name}>
                <td data-of="Loop">{name}</td>
                <td data-of="Now">
                  <Badge tone={last_error === "" ? "good" : "bad"}>
                    {last_error === "" ? "fine" : "failing"}
                  </Badge>
                </td>
                <td data-of="Failures" class="number">
                  {countText(failures)}
                </td>
                <td data-of="Last error">{last_error}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <details>
        <summary>All numbers</summary>
        <pre>{JSON.stringify(stats, null, 2)}</pre>
      </details>
    </>
  );
}

interface CardProps {
  readonly name: string;
  readonly tone?: "good" | "bad";
  readonly figures: readonly (readonly [name: string, value: string])[];
  readonly bars?: readonly number[];
  readonly label?: string;
  readonly fault?: string;
}

function Card({ name, tone = "good", figures, bars, label = "", fault = "" }: CardProps) {
  return (
    <li class={`card is-${fault === "" ? tone : "bad"}`}>
      <div class="top-line">
        <strong>{name}</strong>
      </div>
      <dl class="figures">
        {figures.map(([of, value]) => (
          <div key={of}>
            <dd>{value}</dd>
            <dt>{of}</dt>
          </div>
        ))}
      </dl>
      {fault !== "" ? <p class="bad">{fault}</p> : bars !== undefined && <Bars values={bars} label={label} />}
    </li>
  );
}
