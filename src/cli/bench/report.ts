/** What a load has come to. */
import { harmless } from "../cell.ts";
import { paint } from "../colour.ts";
import { durationText } from "../moment.ts";
import type { Session } from "../session.ts";

/** As JSON. Events, where nothing else is said. */
export interface BenchReport {
  readonly url: string;
  readonly door: string;
  readonly app: string;
  readonly connections: number;
  /** Events in a call. */
  readonly batch: number;
  readonly seconds: number;
  readonly acknowledged: number;
  readonly per_second: number;
  /** Of the calls that were acknowledged. */
  readonly latency_ms: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
  /** From the last acknowledgement until all could be read. */
  readonly stored_after_ms: number;
  readonly stored: number;
  readonly lost: number;
  readonly doubled: number;
  readonly refused: number;
  readonly refused_and_stored: number;
  readonly unanswered: number;
  /** With an id of this load, which it has not sent. */
  readonly unknown: number;
  /** The first one for what was not acknowledged. */
  readonly reason: string | null;
}

export function reportText(
  report: BenchReport,
  { client, style }: Pick<Session, "client" | "style">,
): string {
  const { door, batch, connections, seconds, acknowledged, latency_ms: latency } = report;
  const calls = batch === 1 ? "1 event a call" : `${batch} events a call`;
  const faults = [
    [report.lost, "lost"],
    [report.doubled, "doubled"],
    [report.refused, "refused"],
    [report.refused_and_stored, "refused, and stored"],
    [report.unanswered, "without an answer"],
    [report.unknown, "never sent"],
  ].filter(([count]) => count !== 0);
  const verdict =
    faults.length === 0
      ? paint("each exactly once", "green", style.colour)
      : paint(faults.map(([count, what]) => `${count} ${what}`).join(", "), "red", style.colour);
  const times = Object.entries(latency).map(([name, ms]) => `${name} ${durationText(ms)}`);
  const rows = [
    ["sent to", `${harmless(report.url)} by ${door}, ${connections} connections, ${calls}`],
    [
      "acknowledged",
      `${acknowledged} events in ${seconds.toFixed(1)} s: ${report.per_second} a second, each on disk`,
    ],
    ["a call took", times.join("   ")],
    [
      "stored",
      `${report.stored} events, ${durationText(report.stored_after_ms)} after the last answer: ${verdict}`,
    ],
    ...(report.reason === null ? [] : [["first reason", harmless(report.reason)]]),
  ];
  const ends = [
    ...(client.local ? ["This command and Mars share the machine: from another one Mars takes more."] : []),
    `Its events stay. To remove them: mars erase app ${harmless(report.app)}`,
  ];
  return `${[...rows.map(([name = "", text]) => `${name.padEnd(13)} ${text}`), ...ends].join("\n")}\n`;
}
