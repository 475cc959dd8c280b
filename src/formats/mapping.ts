/** What an operator decides on how records of other formats become events. */

export interface FormatMapping {
  /**
   * Where the message id of an OTLP record is: names of attributes in the order in which they are looked for; `trace_id` stands for
   * the trace of the record.
   */
  readonly otlpMessageIds: readonly string[];
  /** Whether a span is an event at its start, too: its name and `.started`. */
  readonly otlpSpanStarts: boolean;
}
