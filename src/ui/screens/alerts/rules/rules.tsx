/** The rules: what opens an incident, and who is notified. */
import type { AnswerOf } from "../../../../api/operation-types.ts";
import { call } from "../../../data/call.ts";
import { to } from "../../../data/route.ts";
import { Empty } from "../../../parts/notice.tsx";
import type { Column } from "../../../parts/table.tsx";
import { Settings } from "../settings.tsx";
import { type Draft, draftOf, type Rule, starter } from "./rule.ts";
import { RuleForm } from "./rule-form.tsx";

const rulesOf = ({ rules }: AnswerOf<"listAlertRules">) => rules;

const columns: readonly Column<Rule>[] = [
  { name: "Rule", cell: ({ id }) => <a href={to("/incidents", { rule: id })}>{id}</a>, text: ({ id }) => id },
  { name: "Fires on", wide: true, cell: sentence, text: sentence },
  {
    name: "Hours",
    cell: ({ schedule }) => (schedule === null ? "always" : schedule.time_zone),
    text: ({ schedule }) => (schedule === null ? "always" : JSON.stringify(schedule)),
  },
  {
    name: "Notifies",
    cell: ({ sinks }) => sinks.join(", "),
    text: ({ sinks }) => sinks.join(" "),
  },
];

export function Rules() {
  return (
    <Settings
      name="listAlertRules"
      rowsOf={rulesOf}
      what="rule"
      whats="rules"
      columns={columns}
      remove={({ id }) => call("deleteAlertRule", { id })}
      editor={(row, close, changed) => (
        <RuleForm
          {...(row !== undefined && { id: row.id })}
          value={row === undefined ? starter : draftOf(row)}
          changed={changed}
          close={close}
        />
      )}
      empty={
        <Empty title="No rule yet">
          <p>
            A rule says when people are to be notified: so many messages stuck within so long, in an app, at a
            stage. First it needs a <a href="/alerts?part=sinks">sink</a>, where the notification goes.
          </p>
        </Empty>
      }
    />
  );
}

function sentence(rule: Rule): string {
  const { app_id, stage, after } = rule;
  const where = [
    app_id ?? "any app",
    stage === null ? undefined : `at ${after === null ? "" : `${after} → `}${stage}`,
  ];
  return `${measure(draftOf(rule))} in ${where.filter(Boolean).join(" ")}`;
}

function measure({ condition, kinds, at_least, window }: Draft): string {
  const kindsText = (kinds ?? []).join(", ");
  switch (condition?.type) {
    case "share":
      return `${Number(condition.above) * 100} % or more ${kindsText}, ${at_least} at least, within ${window}`;
    case "latency": {
      const bound =
        condition.above === undefined ? `${condition.above_usual} times as usual` : String(condition.above);
      return `p${condition.percentile} above ${bound}, of ${at_least} messages within ${window}`;
    }
    case "absence":
      return `no ${condition.event} for ${condition.for}`;
    case "drift":
      return "a lifecycle that messages do not follow any more";
    default:
      return `${at_least} or more ${kindsText} within ${window}`;
  }
}
