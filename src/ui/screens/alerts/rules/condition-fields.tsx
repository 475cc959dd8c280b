/** The bounds of a rule's condition. */
import { Field } from "../../../parts/fields.tsx";
import type { Condition } from "./rule.ts";

interface ConditionFieldsProps {
  readonly condition: Condition;
  set(condition: Condition): void;
}

export function ConditionFields({ condition, set }: ConditionFieldsProps) {
  const change = (changes: object) => set({ ...condition, ...changes });
  const number = (text: string) => (text === "" ? undefined : Number(text));
  const text = (name: string) => String(condition[name] ?? "");
  const percent = (name: string) => (
    <Field
      label={name === "above" ? "Share above, in %" : "Missed deadlines, in %"}
      type="number"
      value={condition[name] === undefined ? "" : String(Math.round(Number(condition[name]) * 1e6) / 1e4)}
      set={(value) => change({ [name]: value === "" ? undefined : Number(value) / 100 })}
    />
  );
  switch (condition.type) {
    case "share":
      return percent("above");
    case "latency":
      return (
        <>
          <Field
            label="Percentile"
            type="number"
            value={text("percentile")}
            set={(value) => change({ percentile: number(value) })}
          />
          <Field
            label="above"
            value={text("above")}
            placeholder="30s"
            set={(value) => change({ above: value === "" ? undefined : value })}
          />
          <Field
            label="or so many times as usual"
            type="number"
            value={text("above_usual")}
            set={(value) => change({ above_usual: number(value) })}
          />
        </>
      );
    case "absence":
      return (
        <>
          <Field label="Event" value={text("event")} set={(event) => change({ event })} />
          <Field
            label="does not come for"
            value={text("for")}
            placeholder="10m"
            set={(time) => change({ for: time })}
          />
        </>
      );
    default:
      return percent("missed_share");
  }
}
