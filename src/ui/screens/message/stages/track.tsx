/** A stage's time to scale, on an axis of its own, since stages differ by many powers of ten. */

import type { StageView } from "../../../../api/stage-views.ts";
import { shortDuration } from "../../../data/text.ts";

interface TrackProps {
  readonly stage: StageView;
  /** What the stage took in the message that this one is compared with, in milliseconds. */
  readonly otherMs?: number | undefined;
}

export function Track({ stage, otherMs }: TrackProps) {
  const { tookMs, withinMs, p50Ms, p99Ms } = stage;
  const whole = Math.max(tookMs ?? 0, withinMs ?? 0, p99Ms ?? 0, otherMs ?? 0) * 1.08;
  if (!(whole > 0)) return <div class="track" />;
  const at = (ms: number) => `${Math.min(100, (ms / whole) * 100)}%`;
  const label = [
    p50Ms !== undefined &&
      p99Ms !== undefined &&
      `normally ${shortDuration(p50Ms)} to ${shortDuration(p99Ms)}`,
    withinMs !== undefined && `due within ${shortDuration(withinMs)}`,
    tookMs !== undefined && `this message ${shortDuration(tookMs)}`,
    otherMs !== undefined && `the other ${shortDuration(otherMs)}`,
  ].filter((part) => part !== false);
  return (
    <div class="track" role="img" aria-label={label.join(", ")} title={label.join(", ")}>
      {p50Ms !== undefined && p99Ms !== undefined && (
        <span
          class="normal"
          style={{ insetInlineStart: at(p50Ms), width: `max(2px, ${at(p99Ms - p50Ms)})` }}
        />
      )}
      {tookMs !== undefined && <span class="taken" style={{ width: `max(2px, ${at(tookMs)})` }} />}
      {otherMs !== undefined && <span class="other" style={{ width: `max(2px, ${at(otherMs)})` }} />}
      {withinMs !== undefined && (
        <span class="deadline" style={{ insetInlineStart: at(withinMs) }}>
          <i>{shortDuration(withinMs)}</i>
        </span>
      )}
    </div>
  );
}
