/** One row of the table of settings. */

export interface Setting<T> {
  /** In the environment; the flag is the same name in lower case and with dashes. */
  readonly name: `MARS_${string}`;
  /** Other programs' name for the same thing; `name` comes first. */
  readonly alias?: string;
  /** As a user would write it; empty where nothing is set. */
  readonly default: string;
  /** The default's text in the table, where it is computed from other settings. */
  readonly defaultNote?: string;
  readonly unit: string;
  readonly meaning: string;
  /** Its value is shown nowhere. */
  readonly secret?: true;
  /** Its value is shown once it is valid; a refused value may contain a secret by mistake. */
  readonly guarded?: true;
  /** Throws `ValueError`. */
  parse(text: string): T;
}
