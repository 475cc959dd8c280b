/** The text of a file that a flag names. */
import type { Host } from "./host.ts";

/**
 * @param path `-` for stdin
 * @param flag that has it, for the sentence
 * @returns the text, or one sentence
 */
export async function readGiven(
  path: string,
  flag: string,
  host: Pick<Host, "readFile" | "readStdin">,
): Promise<{ readonly text: string } | { readonly problem: string }> {
  try {
    return { text: path === "-" ? await host.readStdin() : host.readFile(path) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { problem: `${flag} cannot be read: ${reason}` };
  }
}
