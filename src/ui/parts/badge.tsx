/** States and kinds as words with a colour: never a colour alone. */
import type { ComponentChildren } from "preact";

export type Tone = "bad" | "warn" | "good" | "quiet" | "plain";

const tones: Readonly<Record<string, Tone>> = {
  overdue: "bad",
  failed: "bad",
  missing: "bad",
  active: "bad",
  expired: "bad",
  superseded: "quiet",
  late: "warn",
  skipped: "warn",
  abandoned: "warn",
  pending: "warn",
  complete: "good",
  done: "good",
  delivered: "good",
  resolved: "good",
  open: "plain",
  waiting: "plain",
  silenced: "quiet",
  closed: "quiet",
  untracked: "quiet",
  retracted: "quiet",
};

export function toneOf(word: string): Tone {
  return tones[word] ?? "plain";
}

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** A state or a kind by its word. */
export function WordBadge({ word }: { word: string }) {
  return <Badge tone={toneOf(word)}>{word}</Badge>;
}
