/**
 * The name of a stage: its event, or its alternatives with `|` between them. A `|` or `\` of an event's own name has a `\` before
 * it, so that the name can be split into the events.
 */

/** `["SENT_SMS", "SENT_PUSH"]` are `SENT_SMS|SENT_PUSH`. */
export function nameOfEvents(events: readonly string[]): string {
  return events.map((event) => event.replace(/[\\|]/g, "\\$&")).join("|");
}

/** The events of a stage by its name; none where there is no name. */
export function eventsOfName(name: string): string[] {
  return (name.match(/(?:\\.|[^\\|])+/gs) ?? []).map((event) => event.replace(/\\(.)/gs, "$1"));
}

/** A stage by its name and what it comes after, and the events of both. */
export function stageToJson(name: string, after: string) {
  return {
    stage: name,
    stage_events: eventsOfName(name),
    after: after === "" ? null : after,
    after_events: eventsOfName(after),
  };
}

/** The events of a stage that has alternatives, as a member of an answer. */
export function alternatives<Member extends string>(
  member: Member,
  name: string | undefined,
): { [Name in Member]?: string[] } {
  const events = eventsOfName(name ?? "");
  return events.length > 1 ? ({ [member]: events } as { [Name in Member]?: string[] }) : {};
}
