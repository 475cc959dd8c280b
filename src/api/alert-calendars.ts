/** The operations on calendars: days off, which schedules of rules name. */
import * as z from "zod";
import { calendarToJson } from "../alerting/hours/schedule.ts";
import { lifecycleBodyBytesMax } from "../core/limits.ts";
import { alertId, found, settingLimit } from "./alert-fields.ts";
import { calendarDates } from "./alert-schedule.ts";
import { cursor } from "./fields.ts";
import { pageOf } from "./memory-page.ts";
import { operation } from "./operation.ts";

/** A calendar as REST and RPC show it. */
const calendar = z.strictObject({
  id: z.string(),
  dates: z.array(z.strictObject({ date: z.string(), name: z.string().nullable() })),
});

export const listCalendars = operation({
  name: "listAlertCalendars",
  summary: "Calendars, by id, a page at a time: days off, which schedules of rules name.",
  scope: "read",
  apps: "none",
  rest: "GET /api/alerts/calendars",
  rpc: "mars.v1.AlertService/ListCalendars",
  command: "alerts calendars list",
  input: z.strictObject({ limit: settingLimit, cursor: cursor.optional() }),
  output: z.strictObject({ calendars: z.array(calendar), next_cursor: z.string().nullable() }),
  async handle({ reader }, wanted, caller) {
    const all = await reader(caller).alertCalendars();
    const { page, nextCursor } = pageOf("calendars", all, ({ id }) => id, wanted);
    return { calendars: page.map(calendarToJson), next_cursor: nextCursor };
  },
});

export const getCalendar = operation({
  name: "getAlertCalendar",
  summary: "One calendar; 404 when there is none with this id.",
  scope: "read",
  apps: "none",
  rest: "GET /api/alerts/calendars/{id}",
  restAnswer: "calendar",
  rpc: "mars.v1.AlertService/GetCalendar",
  command: "alerts calendars get",
  input: z.strictObject({ id: alertId }),
  output: z.strictObject({ calendar }),
  async handle({ reader }, { id }, caller) {
    const known = (await reader(caller).alertCalendars()).find((one) => one.id === id);
    return { calendar: calendarToJson(found(known, "calendar")) };
  },
});

export const putCalendar = operation({
  name: "putAlertCalendar",
  summary: "Create or replace a calendar; at most 100.",
  scope: "write",
  apps: "all",
  rest: "PUT /api/alerts/calendars/{id}",
  body: { bytesMax: lifecycleBodyBytesMax },
  rpc: "mars.v1.AlertService/PutCalendar",
  command: "alerts calendars put",
  input: z.strictObject({ id: alertId, dates: calendarDates.default([]) }),
  output: z.strictObject({ calendar }),
  async handle({ alerts, changes }, { id, dates }, caller, by) {
    const named = dates.map(({ date, name }) => ({ date, name: name ?? "" }));
    const wanted = { id, dates: named.toSorted((a, b) => (a.date < b.date ? -1 : 1)) };
    await changes.run(caller, () => alerts.calendars.put(wanted, by));
    return { calendar: calendarToJson(wanted) };
  },
});

export const deleteCalendar = operation({
  name: "deleteAlertCalendar",
  summary: "Delete a calendar, which no rule may name.",
  scope: "write",
  apps: "all",
  rest: "DELETE /api/alerts/calendars/{id}",
  rpc: "mars.v1.AlertService/DeleteCalendar",
  command: "alerts calendars delete",
  input: z.strictObject({ id: alertId }),
  output: z.strictObject({}),
  async handle({ alerts, changes }, { id }, caller, by) {
    found((await changes.run(caller, () => alerts.calendars.delete(id, by))) || undefined, "calendar");
    return {};
  },
});
