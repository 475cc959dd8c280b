/** The counts beside the names of screens: what the overview last had. */
import { signal } from "@preact/signals";

export const counts = signal<{ readonly stuck: number; readonly incidents: number }>({
  stuck: 0,
  incidents: 0,
});
