/** The assertions of a smoke test: a condition holds, or becomes true soon. */

const waitMs = 10_000;

/** Rejects when it does not come soon. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${waitMs} ms`)), waitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws where it does not hold. */
export function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(`smoke: failed: ${what}`);
}
