/** Users' changes of calendars. */
import type { Author } from "../core/audit.ts";
import type { AlertCalendar } from "./hours/schedule.ts";
import type { AlertReader, AlertStore, AlertCalendars as Port } from "./ports.ts";
import { refuse } from "./refuse.ts";

export interface CalendarsOptions {
  readonly store: Pick<AlertStore, "putAlertCalendar" | "deleteAlertCalendar">;
  readonly reader: Pick<AlertReader, "alertRules">;
  /** Runs a change between two steps of the evaluator. */
  readonly change: <T>(change: () => Promise<T>) => Promise<T>;
}

export class Calendars implements Port {
  readonly #options: CalendarsOptions;

  constructor(options: CalendarsOptions) {
    this.#options = options;
  }

  put(calendar: AlertCalendar, by: Author): Promise<void> {
    return this.#options.change(() => this.#options.store.putAlertCalendar(calendar, by));
  }

  delete(id: string, by: Author): Promise<boolean> {
    const { store, reader, change } = this.#options;
    return change(async () => {
      const rules = (await reader.alertRules()).filter(({ schedule }) => schedule?.calendar === id);
      const names = rules.map((rule) => rule.id).join(", ");
      refuse(
        rules.length === 0 ? [] : [{ field: "id", message: `must be named by no rule, is by ${names}` }],
      );
      return store.deleteAlertCalendar(id, by);
    });
  }
}
