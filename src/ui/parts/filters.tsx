/** Filters of a list: each is a parameter of the address. */
import { withoutAttributes } from "../data/attribute-filters.ts";
import { useRead } from "../data/resource.ts";
import { go, here, type Parameters, parameter } from "../data/route.ts";

interface SelectProps {
  readonly name: string;
  readonly label: string;
  /** Value and text. */
  readonly values: readonly (readonly [string, string])[];
  /** Of no value. */
  readonly all: string;
  /** Changes of the address that go with a choice. */
  with?(): Parameters;
}

export function SelectFilter({ name, label, values, all, with: others }: SelectProps) {
  const value = parameter(name) ?? "";
  return (
    <label class="filter">
      <span>{label}</span>
      <select
        value={value}
        onChange={({ currentTarget }) => go(here({ ...others?.(), [name]: currentTarget.value }))}
      >
        <option value="">{all}</option>
        {values.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
        {value !== "" && !values.some(([one]) => one === value) && <option value={value}>{value}</option>}
      </select>
    </label>
  );
}

export function AppFilter() {
  const { data } = useRead("listApps", { limit: 1_000 });
  return (
    <SelectFilter
      name="app_id"
      label="App"
      all="All apps"
      // What is of the former app means nothing for another one.
      with={() => ({
        ...withoutAttributes(),
        stage: undefined,
        after: undefined,
        stage_state: undefined,
      })}
      values={(data?.apps ?? []).map(({ app_id }) => [app_id, app_id] as const)}
    />
  );
}

interface TextProps {
  readonly name: string;
  readonly label: string;
  readonly placeholder?: string;
}

export function TextFilter({ name, label, placeholder = "" }: TextProps) {
  return (
    <label class="filter">
      <span>{label}</span>
      <input
        type="text"
        spellcheck={false}
        placeholder={placeholder}
        defaultValue={parameter(name) ?? ""}
        key={parameter(name) ?? ""}
        onChange={({ currentTarget }) => go(here({ [name]: currentTarget.value.trim() }))}
      />
    </label>
  );
}
