/** What people have decided about a finding: what, who, when, and why. */

import type { Stage } from "../../../api/stage-views.ts";
import { Moment } from "../../parts/time.tsx";

export function Marked({ mark }: { mark: NonNullable<Stage["triage"]> }) {
  const { status, until, at, by, by_name: name, note } = mark;
  return (
    <>
      {status === "ignored" && until === "always" ? "ignored for good" : status} by{" "}
      <span title={by}>{name === "" ? by : name}</span>, <Moment at={at} />
      {note !== null && <q class="why">{note}</q>}
    </>
  );
}
