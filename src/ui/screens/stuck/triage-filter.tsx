/** The filter by whether people care for what is stuck. */
import { SelectFilter } from "../../parts/filters.tsx";

export function TriageFilter() {
  return (
    <SelectFilter
      name="triage"
      label="Acknowledged"
      all="Any"
      values={[
        ["none", "By nobody"],
        ["acknowledged", "By someone"],
      ]}
    />
  );
}
