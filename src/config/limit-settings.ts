/** The settings of what one caller may use. A key may have limits of its own. */
import {
  bodyBytesLimitMin,
  countLimitMax,
  eventsLimitMax,
  eventsPerSecondDefault,
} from "../core/caller-limits.ts";
import type { Setting } from "./setting.ts";
import type { Config } from "./type.ts";
import { bytesOrOff, integerOrOff } from "./values.ts";

type LimitNames =
  | "limitEvents"
  | "limitBurst"
  | "limitRequests"
  | "limitStreams"
  | "limitSubscriptions"
  | "limitBodyBytes";

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
  limitRequests: {
    name: "MARS_LIMIT_REQUESTS",
    default: "off",
    unit: "requests",
    meaning:
      "Requests and calls that a caller may have under way at one time, streams over native gRPC among them; `off`, as for the following: what it leaves free for others",
    parse: integerOrOff({ min: 1, max: countLimitMax }),
  },
  limitStreams: {
    name: "MARS_LIMIT_STREAMS",
    default: "off",
    unit: "streams",
    meaning: "WebSockets, event streams and streaming calls of a caller",
    parse: integerOrOff({ min: 1, max: countLimitMax }),
  },
  limitSubscriptions: {
    name: "MARS_LIMIT_SUBSCRIPTIONS",
    default: "off",
    unit: "topics",
    meaning: "Topics that a caller may follow at one time",
    parse: integerOrOff({ min: 1, max: countLimitMax }),
  },
  limitBodyBytes: {
    name: "MARS_LIMIT_BODY_BYTES",
    default: "off",
    unit: "bytes",
    meaning: "Bytes of a caller's requests that are received and not parsed yet",
    parse: bytesOrOff({ min: bodyBytesLimitMin, max: 1024 ** 3 }),
  },
};
