/** The fields of a source's form by which deliveries become events. */
import { Field } from "../../parts/fields.tsx";
import {
  type Definition,
  type RuleName,
  ruleTexts,
  shown,
  withAttributes,
  withMember,
} from "./definition.ts";
import type { SourceFieldsProps } from "./source-fields.tsx";

export function RuleFields({ definition, source, set }: SourceFieldsProps) {
  const inForce = source?.preset === definition.preset ? source?.mapping : undefined;
  return (
    <div class="fields">
      {(Object.keys(ruleTexts) as RuleName[]).map((rule) => (
        <Field
          key={rule}
          label={ruleTexts[rule]}
          value={shown(definition[rule])}
          placeholder={inForce?.[rule] || ""}
          set={(value) => set(withMember(definition, rule, value))}
        />
      ))}
      <Attributes definition={definition} set={set} />
    </div>
  );
}

interface AttributesProps {
  readonly definition: Definition;
  set(next: Definition): void;
}

/** A rule for each attribute. They stand in place of all of the sender's. */
function Attributes({ definition, set }: AttributesProps) {
  const rules = attributesOf(definition);
  const change = (at: number, changed?: [string, string]) =>
    set(withAttributes(definition, rules.toSpliced(at, 1, ...(changed === undefined ? [] : [changed]))));
  return (
    <fieldset class="attribute-rules">
      <legend>Attributes</legend>
      {rules.map(([name, rule], at) => (
        <div key={at} class="row">
          <input
            type="text"
            aria-label={`Name of attribute ${at + 1}`}
            placeholder="name"
            spellcheck={false}
            key={name}
            defaultValue={name}
            onInput={({ currentTarget }) => currentTarget.setCustomValidity("")}
            // When it is whole: its beginning may be the name of another one.
            onChange={({ currentTarget: input }) => {
              if (!rules.some(([other], index) => index !== at && other === input.value))
                return change(at, [input.value, rule]);
              input.setCustomValidity("There is an attribute with this name.");
              input.reportValidity();
            }}
          />
          <input
            type="text"
            aria-label={`Rule of attribute ${at + 1}`}
            placeholder="rule"
            spellcheck={false}
            value={rule}
            onInput={({ currentTarget }) => change(at, [name, currentTarget.value])}
          />
          <button
            type="button"
            class="button quiet"
            aria-label={`Remove attribute ${at + 1}`}
            onClick={() => change(at)}
          >
            Remove
          </button>
        </div>
      ))}
      <button
        type="button"
        class="button quiet"
        disabled={rules.some(([name]) => name === "")}
        onClick={() => change(rules.length, ["", ""])}
      >
        Add an attribute
      </button>
    </fieldset>
  );
}

/** What the text has may be of any type; saving it says what is wrong. */
function attributesOf({ attributes }: Definition): [string, string][] {
  if (typeof attributes !== "object" || attributes === null || Array.isArray(attributes)) return [];
  return Object.entries(attributes).map(([name, rule]) => [name, shown(rule)]);
}
