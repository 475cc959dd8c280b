/** The fields of a source's form: all that its definition may have. */
import { useRead } from "../../data/resource.ts";
import { Field, Select } from "../../parts/fields.tsx";
import {
  type Definition,
  otherwiseTexts,
  type Preset,
  presetTexts,
  type Scheme,
  type Source,
  schemeOf,
  shown,
  verifyFields,
  withAppFrom,
  withPreset,
  withScheme,
} from "./definition.ts";
import { RuleFields } from "./rule-fields.tsx";
import { VerifyFields } from "./verify-fields.tsx";

export interface SourceFieldsProps {
  readonly definition: Definition;
  /** As it is stored; absent for a new one. */
  readonly source?: Source;
  set(next: Definition): void;
}

export function SourceFields({ definition, source, set }: SourceFieldsProps) {
  const { preset } = definition;
  const scheme = schemeOf(definition);
  const fields = { definition, set, ...(source !== undefined && { source }) };
  return (
    <>
      <Select
        label="Sender"
        value={preset ?? ""}
        values={[...Object.entries(presetTexts), ["", "another, by rules of your own"]]}
        choose={(one) => set(withPreset(definition, (one || undefined) as Preset | undefined))}
      />
      <AppFields {...fields} />
      <Select
        label="Verified by"
        value={scheme ?? ""}
        values={Object.keys(verifyFields).map((one) => [one, one] as const)}
        choose={(one) => set(withScheme(definition, one as Scheme))}
      />
      {scheme !== undefined && verifyFields[scheme] !== undefined && (
        <VerifyFields {...fields} scheme={scheme} />
      )}
      {preset === undefined ? (
        <RuleFields {...fields} />
      ) : (
        <details>
          <summary>Rules in place of the sender’s</summary>
          <RuleFields {...fields} />
        </details>
      )}
      <details>
        <summary>What is not mapped, and how large a delivery may be</summary>
        <div class="fields">
          <Select
            label="Items that are not mapped"
            value={shown(definition.otherwise) || "ignore"}
            values={Object.entries(otherwiseTexts)}
            choose={(otherwise) => set({ ...definition, otherwise })}
          />
          <Field
            label="Bytes of a delivery at most"
            type="number"
            value={typeof definition.body_bytes_max === "number" ? String(definition.body_bytes_max) : ""}
            placeholder="1048576"
            set={(value) => {
              const { body_bytes_max: _, ...rest } = definition;
              set(value === "" ? rest : { ...rest, body_bytes_max: Number(value) });
            }}
          />
        </div>
      </details>
    </>
  );
}

function AppFields({ definition, set }: SourceFieldsProps) {
  const apps = useRead("listApps", { limit: 1_000 });
  const byRule = definition.app_from !== undefined;
  return (
    <>
      <Select
        label="Its events are of"
        value={byRule ? "rule" : "one"}
        values={[
          ["one", "one app"],
          ["rule", "the app that a rule gives"],
        ]}
        choose={(one) => set(withAppFrom(definition, one === "rule"))}
      />
      {byRule ? (
        <Field
          label="Rule for the app"
          value={shown(definition.app_from)}
          set={(value) => set({ ...definition, app_from: value })}
        />
      ) : (
        <Field
          label="App of its events"
          value={shown(definition.app_id)}
          list="source-apps"
          set={(value) => set({ ...definition, app_id: value })}
        />
      )}
      <datalist id="source-apps">
        {apps.data?.apps.map((one) => (
          <option key={one.app_id} value={one.app_id} />
        ))}
      </datalist>
    </>
  );
}
