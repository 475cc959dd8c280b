/** The counts beside the names of screens: what is stuck, and the active incidents, on every screen. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { incidentsTopic, useFollow } from "../data/follow.ts";
import { answered, useRead } from "../data/resource.ts";
import { path } from "../data/route.ts";

/** The overview itself reads more often. What is stuck has no count that is live. */
const refreshMs = 10_000;
/** Incidents that come together cause one read. */
const gatherMs = 1_000;
/** The reads of the screen that is opened go first. */
const restMs = 1_000;

export const counts = signal<{ readonly stuck: number; readonly incidents: number }>({
  stuck: 0,
  incidents: 0,
});

const rested = signal(false);

/** Keeps the counts as they are now, also on screens that do not read them. */
export function useCounts(): void {
  const begun = answered.value;
  useEffect(() => {
    if (!begun) return;
    const timer = setTimeout(() => {
      rested.value = true;
    }, restMs);
    return () => clearTimeout(timer);
  }, [begun]);
  const elsewhere = path.value !== "/";
  const { data, reload } = useRead(
    "getOverview",
    {},
    { everyMs: refreshMs, when: elsewhere && rested.value },
  );
  useFollow({
    topic: elsewhere ? incidentsTopic() : undefined,
    asOfSeq: data?.incident_seq,
    reload,
    gatherMs,
  });
  useEffect(() => {
    // The overview has set them since.
    if (data !== undefined && elsewhere)
      counts.value = { stuck: data.overdue, incidents: data.active_incidents };
  }, [data]);
}
