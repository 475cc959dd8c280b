/** What is stuck, by app and hop. */
import type { AnswerOf } from "../../api/operation-types.ts";
import { normalDays } from "../../core/normal.ts";
import { attributeParameters } from "../data/attribute-filters.ts";
import { now } from "../data/clock.ts";
import { to } from "../data/route.ts";
import { compactText, shortDuration } from "../data/text.ts";
import { Ages } from "./ages.tsx";
import { type Column, Table } from "./table.tsx";

export type Group = AnswerOf<"listOverdueGroups">["groups"][number];

export function groupAddress({ app_id, stage, after }: Group): string {
  return to("/stuck", { app_id, stage, after: after ?? undefined, ...attributeParameters() });
}

export const groupColumns: readonly Column<Group>[] = [
  {
    name: "App, from → waits for",
    wide: true,
    cell: (group) => (
      <a class="group" href={groupAddress(group)}>
        <strong>{group.app_id}</strong>
        <code>
          {group.after !== null && `${group.after} → `}
          {group.stage}
        </code>
      </a>
    ),
    text: ({ app_id, after, stage }) => `${app_id}: ${after ?? ""} → ${stage}`,
  },
  {
    name: "New",
    align: "end",
    title: "Due within the last 15 minutes",
    cell: ({ new: count }) =>
      count > 0 ? <strong class="bad">+{compactText(count)}</strong> : <span class="muted">0</span>,
    text: ({ new: count }) => count,
  },
  { name: "All", align: "end", cell: ({ total }) => compactText(total), text: ({ total }) => total },
  {
    name: "By age",
    title: "Under 15 min, 1 h, 6 h, 1 day, 7 days, and older",
    cell: ({ ages }) => <Ages ages={ages} />,
  },
  {
    name: "Longest",
    align: "end",
    cell: ({ longest }) =>
      longest === null ? "" : shortDuration(Math.max(0, now.value - Date.parse(longest.due_at))),
    text: ({ longest }) => longest?.due_at ?? "",
  },
  {
    name: "Normal p99",
    align: "end",
    title: `99 of 100 took no longer in the last ${normalDays} days`,
    cell: ({ normal_p99_ms }) => (normal_p99_ms === null ? "" : shortDuration(normal_p99_ms)),
    text: ({ normal_p99_ms }) => normal_p99_ms ?? "",
  },
];

export function GroupTable({ groups }: { groups: readonly Group[] }) {
  return (
    <Table
      caption="Stuck now, by app and stage"
      columns={groupColumns}
      rows={groups}
      keyOf={({ app_id, after, stage }) => JSON.stringify([app_id, after, stage])}
    />
  );
}
