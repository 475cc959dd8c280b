/** The flow divided by the values of an attribute: which of them loses messages, and where. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { attributeParameter } from "../../data/attribute-filters.ts";
import { useRead } from "../../data/resource.ts";
import { go, here, parameter, to } from "../../data/route.ts";
import { compactText, countText, shareText } from "../../data/text.ts";
import { ExportRows } from "../../parts/export.tsx";
import { Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";

type Flow = AnswerOf<"getFunnelBy">;
type Stage = Flow["without"]["stages"][number];

interface Row {
  readonly name: string;
  /** Absent for others, and for messages without one. */
  readonly value?: string;
  readonly messages: number;
  readonly stages: readonly Stage[];
}

interface ByAttributeProps {
  readonly app: string;
  readonly window: { readonly since: string; readonly until?: string };
  readonly everyMs: number;
}

export function ByAttribute({ app, window, everyMs }: ByAttributeProps) {
  const { data } = useRead("getAttributes", { app_id: app });
  const names = (data?.indexed ?? []).filter(({ done }) => done).map(({ name }) => name);
  const asked = parameter("by");
  const by = asked !== undefined && names.includes(asked) ? asked : undefined;
  if (data === undefined) return null;
  return (
    <section class="divided" aria-labelledby="by-title">
      <h2 id="by-title">By attribute</h2>
      {names.length === 0 ? (
        <p class="muted">
          No attribute of {app} is indexed. Where one is, as its carrier or region, this says which of its
          values loses messages: <code>mars attributes put {app} --indexed carrier</code>
        </p>
      ) : (
        <div class="filters">
          <label class="filter">
            <span>Divide by</span>
            <select value={by ?? ""} onChange={({ currentTarget }) => go(here({ by: currentTarget.value }))}>
              <option value="">nothing</option>
              {names.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
      {by !== undefined && <Divided app={app} by={by} window={window} everyMs={everyMs} />}
    </section>
  );
}

function Divided({ app, by, window, everyMs }: ByAttributeProps & { readonly by: string }) {
  const given = { app_id: app, by: attributeParameter(by), ...window };
  const { data, error } = useRead("getFunnelBy", given, { everyMs });
  if (data === undefined) {
    return error === undefined ? <Pending what={by} /> : <Failure error={error} what={by} />;
  }
  const { values, others, without, messages, partial } = data;
  const rows: readonly Row[] = [
    ...values.map((one) => ({ ...one, name: one.value })),
    ...(others.values > 0 ? [{ ...others, name: `${countText(others.values)} others` }] : []),
    ...(without.messages > 0 ? [{ ...without, name: `without ${by}` }] : []),
  ];
  const columns = columnsOf(app, by, data, stagesOf(rows));
  return (
    <>
      <p class="muted">
        {partial ? `The latest ${countText(messages)} messages.` : `${countText(messages)} messages.`} A
        number in red is how many are overdue at the stage, with their share of the messages of the row.
      </p>
      <Table caption={`Stages by ${by}`} columns={columns} rows={rows} keyOf={({ name }) => name} />
      <p class="files">
        <ExportRows rows={rows} columns={columns} file={`flow-${app}-by-${by}`} />
      </p>
    </>
  );
}

/** All stages that some row has, each once. The first has nothing to wait for. */
function stagesOf(rows: readonly Row[]): readonly Stage[] {
  const all = new Map(rows.flatMap(({ stages }) => stages.map((stage) => [keyOf(stage), stage] as const)));
  return [...all.values()].filter(({ after }) => after !== null);
}

function keyOf({ stage, after }: Pick<Stage, "stage" | "after">): string {
  return JSON.stringify([after, stage]);
}

function columnsOf(
  app: string,
  by: string,
  { since, until }: Flow,
  stages: readonly Stage[],
): readonly Column<Row>[] {
  const messagesOf = (value: string, more: Readonly<Record<string, string | undefined>> = {}) =>
    to("/messages", { app_id: app, [attributeParameter(by)]: value, since, until, order: "newest", ...more });
  return [
    {
      name: by,
      wide: true,
      cell: ({ name, value }) =>
        value === undefined ? (
          <span class="muted">{name}</span>
        ) : (
          <a class="id" href={messagesOf(value)}>
            {name}
          </a>
        ),
      text: ({ name }) => name,
    },
    {
      name: "Messages",
      align: "end",
      cell: ({ messages }) => compactText(messages),
      text: ({ messages }) => messages,
    },
    ...stages.map((column): Column<Row> => {
      const { stage, after } = column;
      const find = ({ stages: own }: Row) => own.find((one) => keyOf(one) === keyOf(column));
      return {
        name: stage.replaceAll("|", " | "),
        align: "end",
        title: `Overdue at ${stage}; else how many have reached it`,
        cell: (row) => {
          const found = find(row);
          if (found === undefined) return "";
          if (found.overdue === 0) return <span class="muted">{compactText(found.reached)}</span>;
          const text = `${compactText(found.overdue)} · ${shareText(found.overdue / row.messages)}`;
          if (row.value === undefined) return <span class="bad">{text}</span>;
          const address = messagesOf(row.value, { stage, after: after ?? undefined, stage_state: "overdue" });
          return (
            <a class="bad" href={address}>
              {text}
            </a>
          );
        },
        text: (row) => find(row)?.overdue ?? "",
      };
    }),
  ];
}
