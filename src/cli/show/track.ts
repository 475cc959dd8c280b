/** A stage's time to scale, on an axis of its own: what is normal, what this message took, and the deadline. */
import type { StageView } from "../../api/stage-views.ts";
import { type Colour, paint } from "../colour.ts";

const signs = { taken: "█", normal: "░", deadline: "│" } as const;

/** For the line above the stages. */
export const trackKey = `${signs.taken} this message  ${signs.normal} normal, p50 to p99  ${signs.deadline} deadline`;

/** @param width in columns */
export function trackOf(
  { tookMs, withinMs, p50Ms, p99Ms }: Pick<StageView, "tookMs" | "withinMs" | "p50Ms" | "p99Ms">,
  width: number,
  colour: boolean,
): string {
  const whole = Math.max(tookMs ?? 0, withinMs ?? 0, p99Ms ?? 0) * 1.05;
  if (!(whole > 0)) return "";
  const at = (ms: number) => Math.min(width - 1, Math.floor((ms / whole) * width));
  const taken = tookMs === undefined ? -1 : at(tookMs);
  const from = p50Ms === undefined ? width : at(p50Ms);
  const to = p99Ms === undefined ? -1 : at(p99Ms);
  const deadline = withinMs === undefined ? -1 : at(withinMs);
  const parts: { text: string; colour?: Colour }[] = [];
  for (let column = 0; column < width; column++) {
    const late = deadline !== -1 && column > deadline;
    if (column === deadline) parts.push({ text: signs.deadline });
    else if (column <= taken) parts.push({ text: signs.taken, colour: late ? "red" : "green" });
    else parts.push({ text: column >= from && column <= to ? signs.normal : " " });
  }
  return joined(parts, colour).trimEnd();
}

/** With one change of colour for neighbours of the same. */
function joined(parts: readonly { readonly text: string; readonly colour?: Colour }[], on: boolean): string {
  let track = "";
  let run = "";
  for (const [index, { text, colour }] of parts.entries()) {
    run += text;
    if (parts[index + 1]?.colour === colour && index + 1 < parts.length) continue;
    track += paint(run, colour, on);
    run = "";
  }
  return track;
}
