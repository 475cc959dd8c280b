/** Invoices of the demo's orders: they wait for another app, and the clock of their archive is behind. */
import type { DemoMessage } from "./message.ts";
import type { Random } from "./random.ts";
import { Story } from "./source.ts";

const second = 1_000;
const appId = "invoices";
const archiveBehindMs = 2.5 * second;
const lostShare = 0.008;

export const invoices = {
  appId,
  indexed: [],
  /** @param prefix of the names of apps */
  lifecycle: (prefix: string) => ({
    stages: [
      { event: "INVOICE_DRAFTED" },
      { app: `${prefix}payments`, event: "CAPTURED", after: "INVOICE_DRAFTED", within: "2h" },
      { event: "INVOICE_SENT", after: `${prefix}payments/CAPTURED`, within: "5m" },
      { event: "INVOICE_ARCHIVED", after: "INVOICE_SENT", within: "1m" },
    ],
    complete_on: ["INVOICE_ARCHIVED"],
    grace: "5s",
  }),
};

/** @param capturedAtMs absent where the payment never is */
export function playInvoice(
  number: string,
  orderedAtMs: number,
  capturedAtMs: number | undefined,
  random: Random,
): DemoMessage {
  const story = new Story(appId, `invoice-${number}`, { external_id: number });
  story.report("INVOICE_DRAFTED", orderedAtMs + 400);
  if (capturedAtMs === undefined || random.chance(lostShare)) return story.end();
  const sentAtMs = capturedAtMs + random.spread(20 * second, 120 * second);
  story.report("INVOICE_SENT", sentAtMs);
  if (random.chance(lostShare)) return story.end();
  const archivedAtMs = sentAtMs + random.spread(1.2 * second, 6 * second);
  story.report("INVOICE_ARCHIVED", archivedAtMs, undefined, archivedAtMs - archiveBehindMs);
  return story.end();
}
