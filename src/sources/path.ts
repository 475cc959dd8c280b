/** Plain paths into a delivery: `body.data.id`, `item.tags[0]`, `headers["svix-id"]`. What is not there is `undefined`. */

/** What rules read. */
export interface Scope {
  readonly body: unknown;
  /** One of `each`; the body without it. */
  readonly item: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Path {
  readonly root: keyof Scope;
  readonly steps: readonly (string | number)[];
}

const stepForm = /\.([A-Za-z_]\w*)|\[(\d{1,9})\]|\["([^"\\]*)"\]|\['([^'\\]*)'\]/y;

/** `undefined` for a text that is no path; it may be another expression. */
export function parsePath(text: string): Path | undefined {
  const root = /^(body|item|headers)(?!\w)/.exec(text)?.[1] as keyof Scope | undefined;
  if (root === undefined) return undefined;
  const steps: (string | number)[] = [];
  stepForm.lastIndex = root.length;
  while (stepForm.lastIndex < text.length) {
    const step = stepForm.exec(text);
    if (step === null) return undefined;
    const [, name, index, double, single] = step;
    steps.push(index === undefined ? (name ?? double ?? single ?? "") : Number(index));
  }
  return { root, steps };
}

/** Own members only: `constructor` and `__proto__` are names like any other. */
export function readPath({ root, steps }: Path, scope: Scope): unknown {
  let at: unknown = scope[root];
  for (const step of steps) {
    if (typeof at !== "object" || at === null) return undefined;
    // Names of headers are the same in any case.
    const key = root === "headers" ? String(step).toLowerCase() : step;
    if (!Object.hasOwn(at, key) || (Array.isArray(at) && typeof step !== "number")) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[key];
  }
  return at;
}
