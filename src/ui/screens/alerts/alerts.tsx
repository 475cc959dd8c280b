/** Rules, sinks, what was delivered, silences, and calendars. */
import { go, here, parameter } from "../../data/route.ts";
import { Page } from "../../frame/page.tsx";
import { Choice } from "../../parts/choice.tsx";
import { Calendars } from "./calendars.tsx";
import { Deliveries } from "./deliveries.tsx";
import { Rules } from "./rules/rules.tsx";
import { Silences } from "./silences.tsx";
import { Sinks } from "./sinks.tsx";

const parts = {
  rules: Rules,
  sinks: Sinks,
  deliveries: Deliveries,
  silences: Silences,
  calendars: Calendars,
} as const;
type Part = keyof typeof parts;

export default function Alerts() {
  const asked = parameter("part") ?? "rules";
  const part: Part = asked in parts ? (asked as Part) : "rules";
  const Shown = parts[part];
  return (
    <Page
      title="Alerts"
      controls={
        <Choice
          label="Part"
          chosen={part}
          values={[
            { value: "rules", text: "Rules" },
            { value: "sinks", text: "Sinks" },
            { value: "deliveries", text: "Deliveries" },
            { value: "silences", text: "Silences" },
            { value: "calendars", text: "Calendars" },
          ]}
          choose={(value) => go(here({ part: value }))}
        />
      }
    >
      <Shown />
    </Page>
  );
}
