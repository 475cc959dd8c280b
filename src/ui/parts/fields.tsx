/** Fields of forms: a text, one of some, some of a few. */

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly type?: "text" | "number" | "time" | "date";
  /** Values that are offered. */
  readonly list?: string;
  set(value: string): void;
}

export function Field({ label, value, placeholder = "", type = "text", list, set }: FieldProps) {
  return (
    <label class="filter">
      <span>{label}</span>
      <input
        type={type}
        spellcheck={false}
        placeholder={placeholder}
        value={value}
        {...(type === "number" && { min: 0, step: "any" })}
        {...(list !== undefined && { list })}
        onInput={({ currentTarget }) => set(currentTarget.value)}
      />
    </label>
  );
}

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly values: readonly (readonly [string, string])[];
  choose(value: string): void;
}

export function Select({ label, value, values, choose }: SelectProps) {
  const known = values.some(([one]) => one === value);
  return (
    <label class="filter">
      <span>{label}</span>
      <select value={value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {[...values, ...(known ? [] : [[value, value] as const])].map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ChecksProps {
  readonly label: string;
  readonly values: readonly string[];
  readonly chosen: readonly string[];
  set(chosen: readonly string[]): void;
}

/** Some of a few. */
export function Checks({ label, values, chosen, set }: ChecksProps) {
  return (
    <fieldset class="checks">
      <legend>{label}</legend>
      {values.map((value) => (
        <label key={value}>
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={({ currentTarget }) =>
              set(values.filter((one) => (one === value ? currentTarget.checked : chosen.includes(one))))
            }
          />
          {value}
        </label>
      ))}
    </fieldset>
  );
}
