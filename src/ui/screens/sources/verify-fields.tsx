/** The fields of a source's form by which deliveries are verified. */
import { Field, Select } from "../../parts/fields.tsx";
import {
  hidden,
  type Scheme,
  shown,
  type VerifyName,
  verifyFields,
  verifyTexts,
  verifyValues,
  withVerify,
} from "./definition.ts";
import type { SourceFieldsProps } from "./source-fields.tsx";

interface VerifyFieldsProps extends SourceFieldsProps {
  readonly scheme: Scheme;
}

export function VerifyFields({ definition, source, scheme, set }: VerifyFieldsProps) {
  const verify = definition.verify ?? {};
  const stored = source?.verify.scheme === scheme ? source.verify : undefined;
  const { first, more } = verifyFields[scheme];
  const rotated = stored?.secret !== undefined && verify.secret !== undefined && verify.secret !== hidden;
  const field = (name: VerifyName) => {
    const [label, usual = ""] = verifyTexts[name];
    const is = verify[name];
    const change = (value: string) =>
      set(withVerify(definition, name, value === "" && name === "secret" && stored ? hidden : value));
    const values = verifyValues[name];
    if (values !== undefined) {
      const none = `${usual}, as usual`;
      return (
        <Select
          key={name}
          label={label}
          value={shown(is)}
          values={[["", none], ...values.map((one) => [one, one] as const)]}
          choose={change}
        />
      );
    }
    return (
      <Field
        key={name}
        label={label}
        value={is === hidden ? "" : shown(is)}
        placeholder={is === hidden ? "as it is" : usual}
        set={change}
      />
    );
  };
  return (
    <>
      {scheme === "none" && <p class="warn">Everyone who reaches Mars may report to its app.</p>}
      {first.map(field)}
      {rotated && field("overlap")}
      {more.length > 0 && (
        <details>
          <summary>More of how it is verified</summary>
          <div class="fields">{more.map(field)}</div>
        </details>
      )}
    </>
  );
}
