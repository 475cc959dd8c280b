/** The operations on how long the messages of single apps are kept. */
import * as z from "zod";
import { formatDuration } from "../core/duration.ts";
import { MarsError } from "../core/error.ts";
import { smallBodyBytesMax } from "../core/limits.ts";
import type { RetentionOf } from "../core/retention.ts";
import { duration } from "./duration.ts";
import { appId } from "./fields.ts";
import { operation } from "./operation.ts";

const path = "/api/apps/{app_id}/retention";

const output = z.strictObject({
  retention: z.string().meta({ description: "Such as `3d`; `off` for ever." }),
  own: z.boolean().meta({ description: "Whether it is the app's own; else that of `MARS_RETENTION`." }),
});

export const getRetention = operation({
  name: "getRetention",
  summary: "How long the app's messages are kept after their last reports.",
  scope: "admin",
  apps: "named",
  rest: `GET ${path}`,
  rpc: "mars.v1.PrivacyService/GetRetention",
  command: "retention get",
  input: z.strictObject({ app_id: appId }),
  output,
  handle({ retentions }, { app_id }) {
    return retentionJson(retentions.get(app_id));
  },
});

export const putRetention = operation({
  name: "putRetention",
  summary:
    "Keep the app's messages for another time than those of others; `off` for ever. At most 10,000 apps.",
  scope: "admin",
  apps: "named",
  rest: `PUT ${path}`,
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.PrivacyService/PutRetention",
  command: "retention put",
  input: z.strictObject({
    app_id: appId,
    retention: duration({ min: 1_000, max: 36_500 * 86_400_000, off: true }),
  }),
  output,
  async handle({ retentions, changes }, { app_id, retention }, caller, by) {
    await changes.run(caller, () => retentions.put(app_id, retention, by));
    return retentionJson({ keepForMs: retention, own: true });
  },
});

export const deleteRetention = operation({
  name: "deleteRetention",
  summary: "Keep the app's messages as those of others again; 404 when it has no retention of its own.",
  scope: "admin",
  apps: "named",
  rest: `DELETE ${path}`,
  rpc: "mars.v1.PrivacyService/DeleteRetention",
  command: "retention delete",
  input: z.strictObject({ app_id: appId }),
  output,
  async handle({ retentions, changes }, { app_id }, caller, by) {
    if (!(await changes.run(caller, () => retentions.remove(app_id, by)))) {
      throw new MarsError("not_found", "this app has no retention of its own");
    }
    return retentionJson(retentions.get(app_id));
  },
});

function retentionJson({ keepForMs, own }: RetentionOf): z.input<typeof output> {
  return { retention: keepForMs === 0 ? "off" : formatDuration(keepForMs), own };
}
