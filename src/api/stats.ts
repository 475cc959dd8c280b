/** The operation that shows the figures of this Mars. */
import * as z from "zod";
import { operation } from "./operation.ts";

export type { Stats } from "../runtime/stats.ts";

export const getStats = operation({
  name: "getStats",
  summary: "The figures of this Mars: queues, counts, loops, bounds.",
  scope: "read",
  apps: "all",
  rest: "GET /api/q/stats",
  restAnswer: "stats",
  rpc: "mars.v1.AdminService/GetStats",
  command: "stats",
  input: z.strictObject({}),
  // Not typed: members come and go with the components that they count; `runtime/stats.ts` has them.
  output: z.strictObject({ stats: z.record(z.string(), z.unknown()) }),
  handle({ stats }) {
    return { stats: { ...stats() } };
  },
});
