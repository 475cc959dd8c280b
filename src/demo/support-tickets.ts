/** Tickets of the demo's customers: they are opened again, and what failed is tried again. */
import type { DemoMessage } from "./message.ts";
import type { Random } from "./random.ts";
import { Story } from "./source.ts";

const minute = 60_000;
const hour = 60 * minute;
const appId = "support-tickets";
const reopenedShare = 0.2;
const lostShare = 0.04;
const bouncedShare = 0.06;

export const supportTickets = {
  appId,
  indexed: ["topic"],
  lifecycle: () => ({
    stages: [
      { event: "OPENED" },
      { event: "ANSWERED", after: "OPENED", within: "4h" },
      { event: "CLOSED", after: "ANSWERED", within: "12h" },
    ],
    complete_on: ["CLOSED"],
    fail_on: ["REPLY_BOUNCED"],
    recovers: true,
    reopen_on: ["REOPENED"],
    grace: "1m",
  }),
  meanGapMs: { past: 25 * minute, live: 3 * minute },
  play(id: string, openedAtMs: number, random: Random): DemoMessage[] {
    const story = new Story(appId, `ticket-${id}`);
    const topic = random.pick(["delivery", "invoice", "return"]);
    let atMs = openedAtMs;
    story.report("OPENED", atMs, { topic });
    for (let run = 1; ; run++) {
      if (random.chance(lostShare)) break;
      atMs += random.spread(40 * minute, 200 * minute);
      if (random.chance(bouncedShare)) {
        story.report("REPLY_BOUNCED", atMs, { reason: "address_unknown" });
        atMs += random.spread(20 * minute, hour);
      }
      story.report("ANSWERED", atMs);
      if (random.chance(lostShare)) break;
      atMs += random.spread(90 * minute, 9 * hour);
      story.report("CLOSED", atMs);
      if (run === 3 || !random.chance(reopenedShare)) break;
      atMs += random.spread(hour, 8 * hour);
      story.report("REOPENED", atMs, { topic });
    }
    return [story.end()];
  },
};
