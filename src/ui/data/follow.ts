/** Reads that are done again as a topic moves. */
import { useEffect, useRef } from "preact/hooks";
import { type Frame, watch } from "./live.ts";

const gatherMsDefault = 200;

interface FollowOptions {
  /** Absent where nothing is followed. */
  readonly topic: string | undefined;
  /**
   * Of the first answer, from which on the topic is followed; absent before it: what comes between the two is not missed. `now` where the
   * answer has none.
   */
  readonly asOfSeq: number | "now" | undefined;
  reload(): void;
  /** What comes together causes one read; 200 by default. */
  readonly gatherMs?: number;
  /** Sees each frame by itself. */
  frame?(frame: Frame): void;
}

export function useFollow({
  topic,
  asOfSeq,
  reload,
  gatherMs = gatherMsDefault,
  frame,
}: FollowOptions): void {
  const latest = useRef({ reload, frame });
  latest.current = { reload, frame };
  const begun = asOfSeq !== undefined;
  useEffect(() => {
    if (topic === undefined || !begun) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = watch(topic, asOfSeq === "now" ? undefined : asOfSeq, {
      frame(received) {
        latest.current.frame?.(received);
        timer ??= setTimeout(() => {
          timer = undefined;
          latest.current.reload();
        }, gatherMs);
      },
      lost: () => latest.current.reload(),
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [topic, begun, gatherMs]);
}

/** The topic of incidents: of one, of an app, or of all. */
export function incidentsTopic({ id, appId }: { id?: string; appId?: string | undefined } = {}): string {
  if (id !== undefined) return `incidents/${id}`;
  return appId === undefined ? "incidents" : `apps/${encodeURIComponent(appId)}/incidents`;
}

/** The topic of findings: of a message, of an app, or of all. */
export function findingsTopic(appId?: string, messageId?: string): string {
  if (appId === undefined) return "findings";
  const app = `apps/${encodeURIComponent(appId)}`;
  return messageId === undefined
    ? `${app}/findings`
    : `${app}/messages/${encodeURIComponent(messageId)}/findings`;
}
