/** The runs of a message: what began again, after it had ended or not. Pure. */
import type { Message, TimelineEvent } from "../../data/message-events.ts";

type Lifecycle = NonNullable<Message["lifecycle"]>;
export type Run = Lifecycle["runs"][number];

/** The run that is asked for by its number, where it is none but the last: `undefined` for that. */
export function formerRun({ lifecycle }: Message, asked: string | undefined): Run | undefined {
  const run = lifecycle?.runs.find(({ run }) => String(run) === asked);
  return run?.run === lifecycle?.run ? undefined : run;
}

/** The run that an event belongs to, by when it happened; `undefined` where there is one run only, or it is not known. */
export function runOf({ created_at, run }: TimelineEvent, runs: readonly Run[]): number | undefined {
  return run ?? runs.findLast(({ began_at }) => began_at <= created_at)?.run;
}
