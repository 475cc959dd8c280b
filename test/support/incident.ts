/** An incident at a moment, for what is pure. */
import type { Figures } from "../../src/alerting/figures.ts";
import type { Incident } from "../../src/alerting/incident.ts";
import { ruleInput } from "../../src/api/alert-rules.ts";

export const second = 1_000_000;
export const minute = 60 * second;
export const hour = 60 * minute;
/** 2026-01-31T12:00:00Z */
export const noon = Date.UTC(2026, 0, 31, 12) * 1_000;

export const incident: Incident = {
  id: 7,
  rule: "r",
  appId: "shop",
  kind: "missing",
  stage: "SHIPPED",
  after: "PAID",
  openedAt: noon,
  versions: [1],
  countedFrom: 0,
  firstRaisedAt: noon,
  lastRaisedAt: noon,
  notifiedAt: 0,
  silenced: false,
  changes: 0,
  notifiedSinks: [],
  notifiedCount: 0,
  burstFrom: 0,
  belowSince: 0,
  resolvedAt: 0,
  reopenedAt: 0,
  closedAt: 0,
  ending: "",
  text: "",
  acknowledgedAt: 0,
  acknowledgedBy: "",
  assignedTo: "",
  snoozedUntil: 0,
};
export const rule = ruleInput.parse({ id: "r", sinks: ["s"], window: "1m", repeat: "4h" });
export const notified = { ...incident, notifiedAt: noon + second, notifiedCount: 312 };
export const figures: Figures = {
  count: 312,
  since: noon,
  fresh: 312,
  recent: 312,
  lateBy: 0,
  samples: ["a", "b", "c"],
};
export const none: Figures = { count: 0, fresh: 0, recent: 0, lateBy: 0, samples: [] };
