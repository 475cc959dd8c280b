/** A card of figures, with a small chart of how they came about. */
import type { ComponentChildren } from "preact";
import { Bars } from "../../../parts/bars.tsx";

interface FigureCardProps {
  readonly name: string;
  readonly tone?: "good" | "bad";
  readonly figures: readonly (readonly [name: string, value: ComponentChildren])[];
  readonly bars?: readonly (number | null)[];
  /** The chart in one sentence. */
  readonly label?: string;
  readonly fault?: string;
}

export function FigureCard({ name, tone = "good", figures, bars, label = "", fault = "" }: FigureCardProps) {
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
      {fault !== "" && <p class="bad">{fault}</p>}
      {fault === "" && bars !== undefined && bars.length > 1 && (
        <figure class="past">
          <Bars values={bars.map((bar) => bar ?? 0)} label={label} />
          <figcaption>{label}</figcaption>
        </figure>
      )}
    </li>
  );
}
