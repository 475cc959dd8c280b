/** The variables that define collectors of message brokers: `MARS_COLLECT_<NAME>`, and `MARS_COLLECT_<NAME>_FILE` for a file that has the value. */
import type { Sources } from "./sources.ts";

const prefix = "MARS_COLLECT_";
const fileSuffix = "_FILE";
/** Of the name in lower case, which is the id of the collector. */
const nameForm = /^[A-Z0-9][A-Z0-9_]{0,63}$/;

/** A variable with its value. */
export interface CollectVariable {
  /** Without `_FILE`. */
  readonly variable: string;
  /** The name in lower case. */
  readonly id: string;
  readonly url: string;
}

/** Whether it defines a collector, or is to. */
export function isCollectVariable(name: string): boolean {
  return name.startsWith(prefix) && nameForm.test(name.slice(prefix.length));
}

/** In the order of their names. Empty ones count as absent. */
export function collectVariables(
  { env, readFile }: Pick<Sources, "env" | "readFile">,
  problems: string[],
): CollectVariable[] {
  const found = new Map<string, CollectVariable>();
  for (const name of Object.keys(env).filter(isCollectVariable).sort()) {
    const value = env[name];
    if (!value) continue;
    const inFile = name.endsWith(fileSuffix);
    const variable = inFile ? name.slice(0, -fileSuffix.length) : name;
    if (found.has(variable)) {
      problems.push(`${variable} and ${variable}${fileSuffix} are both set: keep one of them`);
      continue;
    }
    const id = variable.slice(prefix.length).toLowerCase();
    try {
      const url = inFile ? readFile(value).trim() : value;
      found.set(variable, { variable, id, url });
    } catch (error) {
      problems.push(`${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return [...found.values()];
}
