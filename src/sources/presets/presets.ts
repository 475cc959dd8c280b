/** The table of presets. */
import type { PresetName } from "../source.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { postmark } from "./postmark.ts";
import type { Preset } from "./preset.ts";
import { sendgrid } from "./sendgrid.ts";
import { ses } from "./ses.ts";
import { shopify } from "./shopify.ts";
import { standardWebhooks } from "./standard-webhooks.ts";
import { stripe } from "./stripe.ts";
import { twilio } from "./twilio.ts";

export const presets: Readonly<Record<PresetName, Preset>> = {
  "standard-webhooks": standardWebhooks,
  stripe,
  github,
  shopify,
  sendgrid,
  ses,
  twilio,
  gitlab,
  postmark,
};
