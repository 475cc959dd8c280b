/** The table of tools. */
import type { Tool } from "./tool.ts";
import { explainMessage } from "./tools/explain-message.ts";
import { findMessages } from "./tools/find-messages.ts";
import { funnel } from "./tools/funnel.ts";
import { lifecycle } from "./tools/lifecycle.ts";
import { listAllApps } from "./tools/list-apps.ts";
import { recentIncidents } from "./tools/recent-incidents.ts";
import { stuckNow } from "./tools/stuck-now.ts";

export const tools: readonly Tool[] = [
  explainMessage,
  stuckNow,
  findMessages,
  recentIncidents,
  funnel,
  lifecycle,
  listAllApps,
];
