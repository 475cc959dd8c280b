/** Who is connected, of how many that may be, and who reads too slowly. */
import type { Stats } from "../../../../api/stats.ts";
import { bytesText, countText } from "../../../data/text.ts";
import { type Column, Table } from "../../../parts/table.tsx";

type Row = Stats["shares"][string] & { readonly name: string };

const names: Readonly<Record<string, string>> = {
  grpc_connections: "gRPC connections",
  requests: "Requests under way",
  sockets: "WebSockets",
  streams: "Live streams of all kinds",
  subscriptions: "Subscriptions",
  min_seq_waits: "Reads that wait for their own write",
  sink_tests: "Tests of sinks",
};

const columns: readonly Column<Row>[] = [
  {
    name: "What",
    wide: true,
    cell: ({ name }) => <span>{names[name] ?? name}</span>,
    text: ({ name }) => names[name] ?? name,
  },
  { name: "Now", align: "end", cell: ({ held }) => <span>{countText(held)}</span>, text: ({ held }) => held },
  {
    name: "Clients",
    align: "end",
    cell: ({ peers }) => <span>{countText(peers)}</span>,
    text: ({ peers }) => peers,
  },
  {
    name: "At most",
    align: "end",
    cell: ({ max }) => <span class="muted">{countText(max)}</span>,
    text: ({ max }) => max,
  },
  {
    name: "Refused",
    align: "end",
    cell: ({ refused }) => <span class={refused > 0 ? "bad" : "muted"}>{countText(refused)}</span>,
    text: ({ refused }) => refused,
  },
];

export function Connections({ stats: { shares, to_send, denied } }: { stats: Stats }) {
  const rows = Object.entries(shares).map(([name, share]) => ({ name, ...share }));
  return (
    <section aria-labelledby="connections-title">
      <h2 id="connections-title">Clients</h2>
      <Table
        file="connections"
        caption="Connections"
        columns={columns}
        rows={rows}
        keyOf={({ name }) => name}
      />
      <p class="muted">
        {to_send.holdings === 0
          ? "No client is slow."
          : `${countText(to_send.holdings)} clients have ${bytesText(to_send.bytes)} to read.`}{" "}
        Since the start {countText(to_send.stalled)} were closed because they read nothing,{" "}
        {countText(denied.unauthenticated)} calls had no good key, and {countText(denied.permission_denied)}{" "}
        had not the rights.
      </p>
    </section>
  );
}
