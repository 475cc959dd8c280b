/** A preset: how the webhooks of one sender are verified and mapped, from its public documentation. */
import type { Rules, Scheme } from "../source.ts";

export interface Preset {
  readonly title: string;
  /** Where the sender documents its payloads. */
  readonly documentation: string;
  /** Of its signatures; a source may have another. */
  readonly scheme: Scheme;
  readonly rules: Rules;
}
