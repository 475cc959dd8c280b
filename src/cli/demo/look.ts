/** What the demo prints about what it has played, and where to look. */
import type { DemoClient, Json } from "./demo-client.ts";

/** The demo's apps with their messages by state, once all that was sent is visible. */
export async function statesText(mars: DemoClient, apps: readonly string[], seq: number): Promise<string> {
  const states = ["complete", "open", "overdue", "failed"];
  const rows = [["", ...states]];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query = new URLSearchParams({
      limit: "1000",
      min_seq: String(seq),
      ...(cursor !== "" && { cursor }),
    });
    const page: Json = await mars.get(`/api/apps?${query}`);
    for (const { app_id, messages } of page.apps) {
      if (!apps.includes(app_id)) continue;
      rows.push([app_id, ...states.map((state) => String(messages[state]))]);
    }
    cursor = page.next_cursor ?? null;
  }
  return rows
    .map(([name = "", ...cells]) => name.padEnd(18) + cells.map((cell) => cell.padStart(10)).join(""))
    .join("\n");
}

/** @param order the external id of an order */
export function lookText(url: string, order: string): string {
  const topic = '{"type":"subscribe","topic":"findings"}';
  const rows = [
    ["the dashboard", `${url}/`],
    ["what is stuck now", `${url}/api/overdue`],
    ["what was found", `${url}/api/findings?limit=10`],
    ["who stays behind where", `${url}/api/apps/shop-orders/funnel?since=24h`],
    ["how long each hop takes", `${url}/api/apps/notifications/latency?since=24h`],
    ["whose clock is wrong", `${url}/api/apps/invoices/skew`],
    ["all apps", `${url}/api/apps`],
    ["an order in every app", `${url}/api/journeys/${order}`],
    ["findings, live", `curl -N '${url}/api/stream?topic=findings'`],
    ["or by WebSocket", `npx wscat -c ${url.replace(/^http/, "ws")}/ws -w 600 -x '${topic}'`],
  ];
  return ["Look at:", ...rows.map(([what = "", where]) => `  ${what.padEnd(24)} ${where}`)].join("\n");
}
