/** The flow divided by the values of an attribute: which of them loses messages or is slow, and where. */
import type { ComponentChildren } from "preact";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { attributeParameter } from "../../data/attribute-filters.ts";
import { useRead } from "../../data/resource.ts";
import { go, here, messageAddress, parameter, to } from "../../data/route.ts";
import { compactText, countText, shareText, shortDuration } from "../../data/text.ts";
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
  const stages = stagesOf(rows);
  const columns = columnsOf(app, by, data, stages);
  return (
    <>
      <p class="muted">
        {partial ? `The latest ${countText(messages)} messages.` : `${countText(messages)} messages.`} A
        number in red is how many are overdue at the stage, with their share of the messages of the row. Times
        are those of half of them and of 99 of 100, each with a message that took as long.
      </p>
      <Table caption={`Stages by ${by}`} columns={columns} rows={rows} keyOf={({ name }) => name} />
      <p class="files">
        <ExportRows
          rows={rows}
          columns={[...columns, ...timeColumns(stages)]}
          file={`flow-${app}-by-${by}`}
        />
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
      const find = (row: Row) => stageOf(row, column);
      return {
        name: stage.replaceAll("|", " | "),
        align: "end",
        title: `Overdue at ${stage}; else how many have reached it`,
        cell: (row) => {
          const found = find(row);
          if (found === undefined) return "";
          const listed = (stage_state: string) =>
            row.value === undefined
              ? undefined
              : messagesOf(row.value, { stage, after: after ?? undefined, stage_state });
          return (
            <>
              {found.overdue === 0 ? (
                <MaybeLink href={found.reached === 0 ? undefined : listed("reached")} tone="muted">
                  {compactText(found.reached)}
                </MaybeLink>
              ) : (
                <MaybeLink href={listed("overdue")} tone="bad">
                  {compactText(found.overdue)} · {shareText(found.overdue / row.messages)}
                </MaybeLink>
              )}
              <Took took={found.took} />
            </>
          );
        },
        text: (row) => find(row)?.overdue ?? "",
      };
    }),
  ];
}

function stageOf({ stages }: Row, sought: Stage): Stage | undefined {
  return stages.find((one) => keyOf(one) === keyOf(sought));
}

/** In files, times have columns of their own. */
function timeColumns(stages: readonly Stage[]): readonly Column<Row>[] {
  return stages.flatMap((column) =>
    (["p50_ms", "p99_ms"] as const).map((percentile): Column<Row> => {
      return {
        name: `${column.stage} ${percentile}`,
        cell: () => "",
        text: (row) => stageOf(row, column)?.took[percentile] ?? "",
      };
    }),
  );
}

function Took({ took: { count, p50_ms, p99_ms, examples } }: { took: Stage["took"] }) {
  if (p50_ms === null || p99_ms === null) return null;
  const linked = (ms: number, example: Stage["took"]["examples"]["p50"]) => (
    <MaybeLink href={example === null ? undefined : messageAddress(example)} tone="muted">
      {shortDuration(ms)}
    </MaybeLink>
  );
  return (
    <span class="also" title={`Half took at most as long, and 99 of 100; ${countText(count)} were measured`}>
      {linked(p50_ms, examples.p50)} · {linked(p99_ms, examples.p99)}
    </span>
  );
}

interface MaybeLinkProps {
  readonly href: string | undefined;
  readonly tone: string;
  readonly children: ComponentChildren;
}

function MaybeLink({ href, tone, children }: MaybeLinkProps) {
  if (href === undefined) return <span class={tone}>{children}</span>;
  return (
    <a class={tone} href={href}>
      {children}
    </a>
  );
}
