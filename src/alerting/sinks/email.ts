/** Notifications by e-mail: one message of plain text over SMTP. */
import { isLoopback } from "../../core/loopback.ts";
import { formatTime } from "../../core/time.ts";
import type { Links } from "../links.ts";
import type { Notification } from "../notification.ts";

const subjectCharsMax = 150;

export interface SmtpOptions {
  /** `smtp(s)://user:password@host:port`. */
  readonly url: string;
  readonly from: string;
  /** For each of: to connect, to be greeted, to wait for an answer. */
  readonly timeoutMs: number;
}

export interface EmailOptions {
  readonly to: readonly string[];
  /** Part of the Message-ID, by which a mailbox recognises a repeat. */
  readonly webhookId: string;
  /** Absent where Mars does not know its address. */
  readonly links: Links | undefined;
}

export interface Mailer {
  /** Sends a mail over a connection of its own: alerts are rare. */
  send(notification: Notification, options: EmailOptions): Promise<{ response: string }>;
  /** What it sends to the server that no client may see: a server's refusals may repeat it. */
  readonly secrets: readonly string[];
}

export function createMailer({ url, from, timeoutMs }: SmtpOptions): Mailer {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === "smtps:";
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  const options = {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? (secure ? 465 : 587) : Number(port),
    secure,
    // A password leaves this machine encrypted or not at all: without STARTTLS the server gets none.
    requireTLS: !secure && username !== "" && !isLoopback(hostname),
    ...(username !== "" && { auth: { user, pass } }),
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // Texts come from events: none of them may name a file or an address to read.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  const domain = /@([^@>\s]+)>?$/.exec(from)?.[1] ?? "mars.invalid";
  return {
    // As the login's commands have it, PLAIN and LOGIN.
    secrets: password === "" ? [] : [pass, base64(pass), base64(`\0${user}\0${pass}`)],
    async send(notification, { to, webhookId, links }) {
      // Loaded for the first mail only: a start is sooner without.
      const { createTransport } = await import("nodemailer");
      const { response } = await createTransport(options).sendMail({
        from,
        to: [...to],
        subject: subjectOf(notification.text),
        text: mailText(notification, links),
        messageId: `<${webhookId}@${domain}>`,
        // So that it is not answered by out-of-office replies (RFC 3834).
        headers: { "Auto-Submitted": "auto-generated" },
      });
      return { response: String(response) };
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function subjectOf(text: string): string {
  const chars = [...text];
  return `[Mars] ${chars.length <= subjectCharsMax ? text : `${chars.slice(0, subjectCharsMax - 1).join("")}…`}`;
}

function mailText({ text, at, incident }: Notification, links: Links | undefined): string {
  const lines = [text, ""];
  if (incident !== undefined) {
    lines.push(`Rule: ${incident.rule}`, `Incident: ${incident.id}, since ${formatTime(incident.openedAt)}`);
  }
  lines.push(`Sent: ${formatTime(at)}`);
  if (links !== undefined) {
    lines.push("", `Incident: ${links.incident}`, `Findings: ${links.group}`);
    lines.push(...links.messages.map((message) => `Message: ${message}`));
  }
  return `${lines.join("\n")}\n`;
}
