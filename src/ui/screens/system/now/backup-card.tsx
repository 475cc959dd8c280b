/** When the last backup was made, and what keeps others from being made. */
import type { Stats } from "../../../../api/stats.ts";
import { agoText, bytesText, countText } from "../../../data/text.ts";
import { FigureCard } from "./figure-card.tsx";

export function BackupCard({ backup: { last, schedule, last_error } }: { backup: Stats["backup"] }) {
  const newest = [last?.at, schedule?.last?.at]
    .filter((at) => at !== undefined)
    .sort()
    .at(-1);
  const error = schedule?.last_error || last_error;
  return (
    <FigureCard
      name="Backup"
      tone={error === "" ? "good" : "bad"}
      figures={[
        ["last one", newest === undefined ? "none yet" : agoText(newest, Date.now())],
        ["its size", last === null ? "–" : bytesText(last.bytes)],
        ["kept", schedule === null ? "no schedule" : countText(schedule.kept)],
      ]}
      fault={error}
    />
  );
}
