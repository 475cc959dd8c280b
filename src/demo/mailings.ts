/** Mailings of the demo: each is complete when all of its mails are. */
import type { DemoMessage } from "./message.ts";
import type { Random } from "./random.ts";
import { Story } from "./source.ts";

const second = 1_000;
const appId = "mailings";
const lostShare = 0.015;
const bouncedShare = 0.01;

export const mailings = {
  appId,
  indexed: ["campaign"],
  lifecycle: () => ({
    stages: [
      // Mailings and mails are messages of one app: each opens with its own event.
      { any_of: ["MAILING_STARTED", "MAIL_QUEUED"] },
      { children: "complete", after: "MAILING_STARTED", within: "2m", count: "size" },
      { event: "MAIL_DELIVERED", after: "MAIL_QUEUED", within: "3m" },
    ],
    complete_on: ["children", "MAIL_DELIVERED"],
    fail_on: ["MAIL_BOUNCED"],
    grace: "2s",
  }),
  meanGapMs: { past: 2 * 3_600 * second, live: 100 * second },
  play(id: string, atMs: number, random: Random): DemoMessage[] {
    const messageId = `mailing-${id}`;
    const size = 6 + Math.floor(random.between(0, 7));
    const mailing = new Story(appId, messageId);
    mailing.report("MAILING_STARTED", atMs, {
      size,
      campaign: random.pick(["spring", "returns", "loyalty"]),
    });
    const mails = Array.from({ length: size }, (_, index) => {
      const mail = new Story(appId, `mail-${id}-${index + 1}`, { parent_id: messageId });
      const queuedAtMs = atMs + (index + 1) * random.between(0.2 * second, second);
      mail.report("MAIL_QUEUED", queuedAtMs);
      if (random.chance(lostShare)) return mail.end();
      const endedAtMs = queuedAtMs + random.spread(4 * second, 40 * second);
      if (random.chance(bouncedShare)) mail.report("MAIL_BOUNCED", endedAtMs, { reason: "mailbox_full" });
      else mail.report("MAIL_DELIVERED", endedAtMs);
      return mail.end();
    });
    return [mailing.end(), ...mails];
  },
};
