/** A thing as JSON, to be changed. */

interface JsonTextProps {
  readonly text: string;
  set(text: string): void;
}

export function JsonText({ text, set }: JsonTextProps) {
  return (
    <textarea
      aria-label="As JSON"
      spellcheck={false}
      rows={Math.min(24, text.split("\n").length + 1)}
      value={text}
      onInput={({ currentTarget }) => set(currentTarget.value)}
    />
  );
}

/** Throws an `Error` for what is no object. */
export function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("must be a JSON object");
  }
  return value as Record<string, unknown>;
}
