/** The settings of what one caller may use. A key may have limits of its own. */
import { eventsLimitMax, eventsPerSecondDefault } from "../core/caller-limits.ts";
import type { Setting } from "./setting.ts";
import type { Config } from "./type.ts";
import { integerOrOff } from "./values.ts";

type LimitNames = "limitEvents" | "limitBurst";

export const limitSettings: { readonly [K in LimitNames]: Setting<Config[K]> } = {
  limitEvents: {
    name: "MARS_LIMIT_EVENTS",
    default: String(eventsPerSecondDefault),
    unit: "events/s",
    meaning:
      "Events a second that each caller may report in the long run: each key, and without one each address; more are refused (429). `off` for no limit. The default is far beyond what one Mars takes",
    parse: integerOrOff({ min: 1, max: eventsLimitMax }),
  },
  limitBurst: {
    name: "MARS_LIMIT_BURST",
    default: "off",
    defaultNote: "two seconds of `MARS_LIMIT_EVENTS`",
    unit: "events",
    meaning: "Events that a caller may report at once",
    parse: integerOrOff({ min: 1, max: eventsLimitMax }),
  },
};
