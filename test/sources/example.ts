/** A documented payload, and what it must become. */
import type { PresetName } from "../../src/sources/source.ts";

export interface Example {
  readonly preset: PresetName;
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or the text of a form. */
  readonly body: unknown;
  /** `null`: nothing. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
}
