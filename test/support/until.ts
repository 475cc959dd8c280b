/** Waits for what no row and no frame announces. */

/**
 * Looks every 10 ms.
 *
 * @param what of the error where it does not come within `timeoutMs`
 */
export async function until(
  done: () => boolean | Promise<boolean>,
  what: () => string = () => "what the test waits for",
  timeoutMs = 15_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what()}`);
    await Bun.sleep(10);
  }
}
