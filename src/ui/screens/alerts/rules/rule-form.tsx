/** The form of a rule, with what it would have sent; or as JSON, where all of it can be set. */
import { useSignal } from "@preact/signals";
import { call, type Given } from "../../../data/call.ts";
import { useRead } from "../../../data/resource.ts";
import { to } from "../../../data/route.ts";
import { Checks, Field, Select } from "../../../parts/fields.tsx";
import { JsonText, parseObject } from "../../../parts/json-text.tsx";
import { PutDialog } from "../../../parts/put-dialog.tsx";
import { ConditionFields } from "./condition-fields.tsx";
import { conditions, type Draft, withoutEmpty } from "./rule.ts";
import { RulePreview } from "./rule-preview.tsx";
import { ScheduleFields } from "./schedule-fields.tsx";

interface RuleFormProps {
  readonly id?: string;
  readonly value: Draft;
  changed(): void;
  close(): void;
}

const kinds = ["missing", "late", "skipped", "failed", "abandoned"];

export function RuleForm({ id, value, changed, close }: RuleFormProps) {
  const draft = useSignal<Draft>(value);
  const text = useSignal<string | undefined>(undefined);
  const now = () =>
    text.value === undefined ? withoutEmpty(draft.value) : (parseObject(text.value) as Draft);
  return (
    <PutDialog
      title={id === undefined ? "New rule" : `Rule ${id}`}
      class="wide"
      {...(id !== undefined && { id })}
      put={async (name) => {
        await call("putAlertRule", { ...now(), id: name } as Given<"putAlertRule">);
        changed();
      }}
      close={close}
    >
      {text.value === undefined ? (
        <Fields
          draft={draft.value}
          set={(changes) => {
            draft.value = { ...draft.value, ...changes };
          }}
        />
      ) : (
        <JsonText
          text={text.value}
          set={(typed) => {
            text.value = typed;
          }}
        />
      )}
      <p>
        <button
          type="button"
          class="button quiet"
          onClick={() => {
            if (text.value === undefined) text.value = JSON.stringify(withoutEmpty(draft.value), null, 2);
            else {
              draft.value = readable(text.value) ?? draft.value;
              text.value = undefined;
            }
          }}
        >
          {text.value === undefined ? "As JSON" : "As a form"}
        </button>
      </p>
      <RulePreview
        draft={text.value === undefined ? withoutEmpty(draft.value) : (readable(text.value) ?? {})}
      />
    </PutDialog>
  );
}

/** Absent for a text that is no JSON object yet. */
function readable(text: string): Draft | undefined {
  try {
    return parseObject(text);
  } catch {
    // It is being typed; saving it says what is wrong.
    return undefined;
  }
}

interface FieldsProps {
  readonly draft: Draft;
  set(changes: Draft): void;
}

function Fields({ draft, set }: FieldsProps) {
  const apps = useRead("listApps", { limit: 1_000 });
  const sinks = useRead("listAlertSinks", { limit: 1_000 });
  const type = draft.condition?.type ?? "count";
  const aboutStage = type === "count" || type === "share" || type === "latency";
  const known = sinks.data?.sinks.map((sink) => sink.id) ?? [];
  const chosen = draft.sinks ?? [];
  return (
    <>
      <div class="row">
        <Select
          label="Fires on"
          value={type}
          values={Object.entries(conditions).map(([one, { text }]) => [one, text] as const)}
          choose={(one) => {
            const condition = conditions[one]?.value;
            // What is asked of each kind has a default of its own.
            set({ condition, at_least: one === "count" ? 5 : undefined } as Draft);
          }}
        />
        <Select
          label="App"
          value={draft.app_id ?? ""}
          values={[
            ["", "every app"],
            ...(apps.data?.apps ?? []).map(({ app_id }) => [app_id, app_id] as const),
          ]}
          choose={(app_id) => set({ app_id })}
        />
        {aboutStage && (
          <>
            <Field
              label="Stage"
              value={draft.stage ?? ""}
              placeholder="any"
              set={(stage) => set({ stage })}
            />
            <Field
              label="after"
              value={draft.after ?? ""}
              placeholder="any"
              set={(after) => set({ after })}
            />
          </>
        )}
      </div>
      {(type === "count" || type === "share") && (
        <Checks
          label="Kinds of findings"
          values={kinds}
          chosen={draft.kinds ?? []}
          set={(some) => set({ kinds: some })}
        />
      )}
      <div class="row">
        {draft.condition !== undefined && (
          <ConditionFields condition={draft.condition} set={(condition) => set({ condition })} />
        )}
        {type !== "absence" && type !== "drift" && (
          <>
            <Field
              label="At least"
              type="number"
              value={draft.at_least === undefined ? "" : String(draft.at_least)}
              placeholder="default"
              set={(count) => set({ at_least: count === "" ? undefined : Number(count) } as Draft)}
            />
            <Field
              label="within"
              value={draft.window ?? ""}
              placeholder="1m"
              set={(window) => set({ window })}
            />
          </>
        )}
        {type === "count" && (
          <Field
            label="New again after a quiet"
            value={draft.grow_after ?? ""}
            placeholder="5m"
            set={(grow_after) => set({ grow_after })}
          />
        )}
        <Field
          label="Remind every"
          value={draft.repeat ?? ""}
          placeholder="4h"
          set={(repeat) => set({ repeat })}
        />
      </div>
      {known.length + chosen.length > 0 ? (
        <Checks
          label="Notifies"
          values={[...new Set([...known, ...chosen])]}
          chosen={chosen}
          set={(some) => set({ sinks: some })}
        />
      ) : (
        <p class="muted">
          There is no sink yet, where its notifications could go:{" "}
          <a href={to("/alerts", { part: "sinks" })}>make one</a>.
        </p>
      )}
      <ScheduleFields schedule={draft.schedule} set={(schedule) => set({ schedule } as Draft)} />
    </>
  );
}
