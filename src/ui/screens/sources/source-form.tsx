/** The form of a source, with its definition as JSON beside it: each changes the other. */
import { type Signal, useSignal } from "@preact/signals";
import { call, type Given, type Problem } from "../../data/call.ts";
import { say } from "../../frame/toasts.tsx";
import { JsonText, parseObject } from "../../parts/json-text.tsx";
import { Problems, problemsOfText } from "../../parts/problems.tsx";
import { type Definition, definitionOf, type Source, textOf } from "./definition.ts";
import { SourceFields } from "./source-fields.tsx";

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
            <SourceFields
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
