/** New prices go to the tills of every shop, and each shop has to confirm them. */
import type { DemoMessage } from "./message.ts";
import type { Random } from "./random.ts";
import { Story } from "./source.ts";

const second = 1_000;
const appId = "price-updates";
const shops = ["bergen", "lyon", "oslo", "porto", "turin", "utrecht"];
const lostShare = 0.015;
const slowShare = 0.02;

export const priceUpdates = {
  appId,
  indexed: ["category"],
  lifecycle: () => ({
    stages: [
      { event: "PUBLISHED" },
      { event: "APPLIED", after: "PUBLISHED", within: "30s", each: { of: "shops", by: "shop" } },
    ],
    complete_on: ["APPLIED"],
    grace: "1s",
  }),
  meanGapMs: { past: 20 * 60 * second, live: 40 * second },
  play(id: string, atMs: number, random: Random): DemoMessage[] {
    const story = new Story(appId, `prices-${id}`);
    story.report("PUBLISHED", atMs, { shops, category: random.pick(["food", "garden", "toys"]) });
    for (const shop of shops) {
      if (random.chance(lostShare)) continue;
      const tookMs = random.chance(slowShare)
        ? random.between(35 * second, 90 * second)
        : random.spread(3 * second, 12 * second);
      story.report("APPLIED", atMs + tookMs, { shop });
    }
    return [story.end()];
  },
};
