/** The form of a source, with its definition as JSON beside it: each changes the other. */
import { type Signal, useSignal } from "@preact/signals";
import { call, type Given, type Problem } from "../../data/call.ts";
import { useRead } from "../../data/resource.ts";
import { say } from "../../frame/toasts.tsx";
import { Field, Select } from "../../parts/fields.tsx";
import { JsonText, parseObject } from "../../parts/json-text.tsx";
import { Problems, problemsOfText } from "../../parts/problems.tsx";
import {
  type Definition,
  definitionOf,
  hidden,
  type Preset,
  presetTexts,
  type RuleName,
  ruleTexts,
  type Scheme,
  type Source,
  schemeOf,
  textOf,
  verifyFields,
  verifyTexts,
  withMember,
  withPreset,
  withScheme,
  withVerify,
} from "./definition.ts";

interface SourceFormProps {
  /** Absent: the user chooses it. */
  readonly id?: string;
  /** As it is stored; absent for a new one. */
  readonly source?: Source;
  /** The definition as JSON. */
  readonly text: Signal<string>;
  saved(id: string): void;
}

export function SourceForm({ id, source, text, saved }: SourceFormProps) {
  const name = useSignal(id ?? "");
  const problems = useSignal<readonly Problem[]>([]);
  const working = useSignal(false);
  const definition = readable(text.value);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    problems.value = [];
    working.value = true;
    try {
      const put = name.value.trim();
      const stored = await call("putSource", { ...parseObject(text.value), id: put } as Given<"putSource">);
      text.value = textOf(definitionOf(stored));
      say(`The source ${put} is saved.`);
      saved(put);
    } catch (error) {
      problems.value = problemsOfText(error);
    } finally {
      working.value = false;
    }
  };
  return (
    <form class="put" onSubmit={save}>
      <div class="editor">
        <div class="fields">
          {id === undefined && (
            <label class="filter">
              <span>Name, the end of its address</span>
              <input
                type="text"
                required
                pattern="[A-Za-z0-9._\-]{1,64}"
                title="Letters, digits, dot, underscore and hyphen"
                spellcheck={false}
                value={name.value}
                onInput={({ currentTarget }) => {
                  name.value = currentTarget.value;
                }}
              />
            </label>
          )}
          {definition === undefined ? (
            <p class="problem">This is no JSON object yet.</p>
          ) : (
            <Fields
              definition={definition}
              {...(source !== undefined && { source })}
              set={(next) => {
                text.value = textOf(next);
              }}
            />
          )}
        </div>
        <JsonText
          text={text.value}
          set={(typed) => {
            text.value = typed;
          }}
        />
      </div>
      <Problems problems={problems.value} />
      <div class="actions">
        <button type="submit" class="button primary" disabled={working.value || definition === undefined}>
          Save
        </button>
        {source !== undefined && text.value !== textOf(definitionOf(source)) && (
          <button
            type="button"
            class="button quiet"
            onClick={() => {
              text.value = textOf(definitionOf(source));
              problems.value = [];
            }}
          >
            Back to what is saved
          </button>
        )}
      </div>
    </form>
  );
}

/** Absent for a text that is no JSON object yet. */
function readable(text: string): Definition | undefined {
  try {
    return parseObject(text);
  } catch {
    // It is being typed; saving it says what is wrong.
    return undefined;
  }
}

interface FieldsProps {
  readonly definition: Definition;
  readonly source?: Source;
  set(next: Definition): void;
}

function Fields({ definition, source, set }: FieldsProps) {
  const apps = useRead("listApps", { limit: 1_000 });
  const { preset, app_id } = definition;
  const scheme = schemeOf(definition);
  const verify = definition.verify ?? {};
  const fields = (scheme !== undefined && verifyFields[scheme]) || [];
  const rotated =
    source?.verify.secret !== undefined &&
    source.verify.scheme === scheme &&
    verify.secret !== undefined &&
    verify.secret !== hidden;
  const rules = (
    <div class="fields">
      {(Object.keys(ruleTexts) as RuleName[]).map((rule) => (
        <Field
          key={rule}
          label={ruleTexts[rule]}
          value={shown(definition[rule])}
          placeholder={(source?.preset === preset && source?.mapping[rule]) || ""}
          set={(value) => set(withMember(definition, rule, value))}
        />
      ))}
      <p class="muted">Attributes, and what becomes of items without an event, are in the JSON.</p>
    </div>
  );
  return (
    <>
      <Select
        label="Sender"
        value={preset ?? ""}
        values={[...Object.entries(presetTexts), ["", "another, by rules of your own"]]}
        choose={(one) => set(withPreset(definition, (one || undefined) as Preset | undefined))}
      />
      {definition.app_from === undefined && (
        <Field
          label="App of its events"
          value={shown(app_id)}
          list="source-apps"
          set={(value) => set({ ...definition, app_id: value })}
        />
      )}
      <datalist id="source-apps">
        {apps.data?.apps.map((one) => (
          <option key={one.app_id} value={one.app_id} />
        ))}
      </datalist>
      <Select
        label="Verified by"
        value={scheme ?? ""}
        values={Object.keys(verifyFields).map((one) => [one, one] as const)}
        choose={(one) => set(withScheme(definition, one as Scheme))}
      />
      {scheme === "none" && <p class="warn">Everyone who reaches Mars may report to its app.</p>}
      {fields.map((name) => (
        <Field
          key={name}
          label={verifyTexts[name]}
          value={verify[name] === hidden ? "" : shown(verify[name])}
          placeholder={verify[name] === hidden ? "as it is" : ""}
          set={(value) =>
            set(
              withVerify(
                definition,
                name,
                value === "" && name === "secret" && source?.verify.scheme === scheme ? hidden : value,
              ),
            )
          }
        />
      ))}
      {rotated && (
        <Field
          label="The former secret holds for"
          value={shown(verify.overlap)}
          placeholder="24h"
          set={(value) => set(withVerify(definition, "overlap", value))}
        />
      )}
      {preset === undefined ? (
        rules
      ) : (
        <details>
          <summary>Rules in place of the sender's</summary>
          {rules}
        </details>
      )}
    </>
  );
}

/** What the text has may be of any type; saving it says what is wrong. */
function shown(value: unknown): string {
  return typeof value === "string" ? value : "";
}
