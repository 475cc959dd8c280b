/**
 * The receivers of chats and pagers as their vendors describe them: real HTTP servers that refuse what the vendor would refuse,
 * with its answer codes. What they accept is kept in order.
 */
import * as z from "zod";
import { type Received, type Receiver, startReceiver } from "./receiver.ts";

export type VendorType = "teams" | "discord" | "pagerduty" | "opsgenie";

export const pagerKeys = {
  pagerduty: "0123456789abcdef0123456789abcdef",
  opsgenie: "01234567-89ab-cdef-0123-456789abcdef",
};

const url = z.url({ protocol: /^https?$/ }).max(2_048);

/** https://learn.microsoft.com/en-us/adaptive-cards/schema-explorer, and the limit of 28 KB. */
const run = z.strictObject({
  type: z.literal("TextRun"),
  text: z.string().min(1),
  weight: z.enum(["Default", "Lighter", "Bolder"]).optional(),
  size: z.enum(["Default", "Small", "Medium", "Large"]).optional(),
  color: z.enum(["Default", "Accent", "Good", "Warning", "Attention"]).optional(),
  isSubtle: z.boolean().optional(),
});
const teams = z.strictObject({
  type: z.literal("message"),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal("application/vnd.microsoft.card.adaptive"),
        contentUrl: z.null(),
        content: z.strictObject({
          $schema: z.literal("http://adaptivecards.io/schemas/adaptive-card.json"),
          type: z.literal("AdaptiveCard"),
          version: z.enum(["1.2", "1.3", "1.4"]),
          fallbackText: z.string(),
          body: z
            .array(z.strictObject({ type: z.literal("RichTextBlock"), inlines: z.array(run).min(1) }))
            .min(1),
          actions: z
            .array(z.strictObject({ type: z.literal("Action.OpenUrl"), title: z.string().min(1), url }))
            .max(6)
            .optional(),
        }),
      }),
    )
    .length(1),
});

/** https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
const embed = z
  .strictObject({
    title: z.string().min(1).max(256),
    description: z.string().min(1).max(4_096),
    color: z.int().min(0).max(0xffffff),
    timestamp: z.iso.datetime(),
    url: url.optional(),
    fields: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(256),
          value: z.string().min(1).max(1_024),
          inline: z.boolean().optional(),
        }),
      )
      .max(25),
  })
  .refine(
    ({ title, description, fields }) =>
      title.length +
        description.length +
        fields.reduce((sum, f) => sum + f.name.length + f.value.length, 0) <=
      6_000,
  );
const discord = z.strictObject({
  username: z.string().min(1).max(80),
  embeds: z.array(embed).min(1).max(10),
  allowed_mentions: z.strictObject({ parse: z.array(z.string()).length(0) }),
});

/** https://raw.githubusercontent.com/PagerDuty/api-schema/main/reference/events-v2/openapiv3.json */
const pagerdutyHead = { routing_key: z.string().length(32), dedup_key: z.string().min(1).max(255) };
const pagerduty = z.discriminatedUnion("event_action", [
  z.strictObject({
    ...pagerdutyHead,
    event_action: z.literal("trigger"),
    payload: z.strictObject({
      summary: z.string().min(1).max(1_024),
      source: z.string().min(1),
      severity: z.enum(["critical", "error", "warning", "info"]),
      timestamp: z.iso.datetime(),
      class: z.string().optional(),
      component: z.string().optional(),
      group: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()).optional(),
    }),
    client: z.string().optional(),
    client_url: url.optional(),
    links: z.array(z.strictObject({ href: url, text: z.string() })).optional(),
  }),
  z.strictObject({ ...pagerdutyHead, event_action: z.literal("acknowledge") }),
  z.strictObject({ ...pagerdutyHead, event_action: z.literal("resolve") }),
]);

/** https://docs.opsgenie.com/docs/alert-api */
const opsgenieAction = z.strictObject({
  user: z.string().max(100),
  source: z.string().max(100),
  note: z.string().max(25_000),
});
const opsgenie = opsgenieAction.extend({
  message: z.string().min(1).max(130),
  alias: z.string().min(1).max(512),
  description: z.string().max(15_000),
  priority: z.enum(["P1", "P2", "P3", "P4", "P5"]),
  tags: z.array(z.string().min(1).max(50)).max(20),
  entity: z.string().max(512).optional(),
  details: z
    .record(z.string(), z.string())
    .refine((details) => Object.entries(details).flat().join("").length <= 8_000)
    .optional(),
});

/** What a request does to an alert, or that a message was posted. */
export interface Accepted {
  readonly action: "post" | "trigger" | "acknowledge" | "resolve";
  /** Of the alert. */
  readonly alias?: string;
  readonly text: string;
}

/** @throws for what the vendor would refuse */
export function accept(type: VendorType, { path, headers, body }: Received): Accepted {
  if (headers["content-type"] !== "application/json") throw new Error("not JSON");
  const json: unknown = JSON.parse(body);
  switch (type) {
    case "teams": {
      if (Buffer.byteLength(body) > 28_000) throw new Error("too large");
      const [attachment] = teams.parse(json).attachments;
      const lines = attachment!.content.body.flatMap(({ inlines }) => inlines.map(({ text }) => text));
      return { action: "post", text: lines.join("\n") };
    }
    case "discord": {
      const [one] = discord.parse(json).embeds;
      return { action: "post", text: `${one!.title}\n${one!.description}` };
    }
    case "pagerduty": {
      if (Buffer.byteLength(body) > 512 * 1_024) throw new Error("too large");
      const event = pagerduty.parse(json);
      const text = event.event_action === "trigger" ? event.payload.summary : "";
      return { action: event.event_action, alias: event.dedup_key, text };
    }
    case "opsgenie": {
      if (headers.authorization !== `GenieKey ${pagerKeys.opsgenie}`) throw new Error("no key");
      const { pathname, searchParams } = new URL(path, "http://127.0.0.1");
      const [, alias, action] = /\/v2\/alerts(?:\/([^/]+)\/(close|acknowledge))?$/.exec(pathname) ?? [];
      if (action === undefined) {
        const alert = opsgenie.parse(json);
        return { action: "trigger", alias: alert.alias, text: alert.description };
      }
      if (searchParams.get("identifierType") !== "alias") throw new Error("no id");
      const { note } = opsgenieAction.parse(json);
      const done = action === "close" ? "resolve" : "acknowledge";
      return { action: done, alias: decodeURIComponent(alias ?? ""), text: note };
    }
  }
}

export interface Vendor extends Receiver {
  readonly type: VendorType;
  /** As it is put. */
  readonly target: { readonly type: VendorType; readonly url: string; readonly key?: string };
  readonly accepted: readonly Accepted[];
  /** What was refused, and why. */
  readonly refused: readonly unknown[];
}

const success: Readonly<Record<VendorType, number>> = {
  teams: 202,
  discord: 204,
  pagerduty: 202,
  opsgenie: 202,
};

export interface VendorOptions {
  /** How many requests are answered 429 first. */
  readonly busy?: number;
  /** Every request is answered as a faulty one. */
  readonly refuses?: boolean;
}

export function startVendor(type: VendorType, { busy = 0, refuses = false }: VendorOptions = {}): Vendor {
  const accepted: Accepted[] = [];
  const refused: unknown[] = [];
  const receiver = startReceiver((index) => {
    if (index < busy) return new Response("slow down", { status: 429, headers: { "retry-after": "1" } });
    try {
      if (refuses) throw new Error("refused");
      accepted.push(accept(type, receiver.received[index]!));
      return new Response(null, { status: success[type] });
    } catch (thrown) {
      refused.push(thrown);
      return new Response(String(thrown), { status: type === "opsgenie" ? 422 : 400 });
    }
  });
  const { origin } = new URL(receiver.url);
  const key = type === "pagerduty" || type === "opsgenie" ? { key: pagerKeys[type] } : {};
  return {
    ...receiver,
    type,
    target: { type, url: type === "opsgenie" ? origin : receiver.url, ...key },
    accepted,
    refused,
    received: receiver.received,
    count: receiver.count,
  };
}
