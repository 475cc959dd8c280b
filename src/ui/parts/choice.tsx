/** One of a few, side by side. */

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly values: readonly { readonly value: Value; readonly text: string; readonly title?: string }[];
  readonly chosen: Value;
  choose(value: Value): void;
}

export function Choice<Value extends string>({ label, values, chosen, choose }: ChoiceProps<Value>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has a frame of its own, and these are no fields.
    <div class="choice" role="group" aria-label={label}>
      {values.map(({ value, text, title }) => (
        <button
          type="button"
          key={value}
          aria-pressed={value === chosen}
          onClick={() => choose(value)}
          {...(title !== undefined && { title })}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
