/** The limits of a key, as REST and RPC have them. */
import * as z from "zod";
import {
  bodyBytesLimitMin,
  type CallerLimits,
  countLimitMax,
  eventsLimitMax,
} from "../core/caller-limits.ts";
import { defined, whole } from "./fields.ts";

const bodyBytesMax = 1024 ** 3;

const fields = {
  events_per_second: whole(
    0,
    eventsLimitMax,
    "Events a second that it may report in the long run; 0 for no limit.",
  ).optional(),
  burst: whole(1, eventsLimitMax, "Events at once; those of two seconds unless given.").optional(),
  requests: whole(
    1,
    countLimitMax,
    "Requests and calls under way, streams over native gRPC among them.",
  ).optional(),
  streams: whole(1, countLimitMax, "WebSockets, event streams and streaming calls.").optional(),
  subscriptions: whole(1, countLimitMax, "Topics that it may follow at one time.").optional(),
  body_bytes: whole(
    bodyBytesLimitMin,
    bodyBytesMax,
    "Bytes of its requests that are received and not parsed yet.",
  ).optional(),
};

export const keyLimits = z
  .strictObject(fields, "must be a JSON object")
  .transform(
    ({ events_per_second, burst, requests, streams, subscriptions, body_bytes }): CallerLimits =>
      defined({
        eventsPerSecond: events_per_second,
        burst,
        requests,
        streams,
        subscriptions,
        bodyBytes: body_bytes,
      }),
  )
  .meta({ description: "What its caller may use. Where one is absent that of the settings holds." });

const shown = z.int().nullable();

/** Those of a key in answers. */
export const keyLimitsShown = z
  .strictObject({
    events_per_second: shown,
    burst: shown,
    requests: shown,
    streams: shown,
    subscriptions: shown,
    body_bytes: shown,
  })
  .meta({ description: "Where one is `null` that of the settings holds." });
