/**
 * Takes secrets out of texts that come from a receiver: one that fails may send back what it was sent. Deliveries are shown to
 * readers who must not see the secrets of a sink. Pure.
 *
 * Receivers cut, quote and escape. So each run of `runChars` characters that a text shares with a secret is replaced, in any
 * case, and with the secret as it is, escaped for JSON, URLs and HTML, and decoded from Basic credentials.
 */
import { type AlertSink, isChat, isPager } from "../sink.ts";
import { hidden } from "./hidden.ts";

/** A shorter rest of a secret remains. */
const runChars = 8;
/** Shorter values are no secrets: `1`, `on`. To replace these would make texts unreadable. */
const secretCharsMin = 4;

/** What of a sink must not be shown. */
export function secretsOf(sink: AlertSink): string[] {
  if (sink.type === "email" || sink.type === "topic") return [];
  if (sink.type === "broker") {
    const { username, password } = new URL(sink.url);
    return [password === "" ? username : password];
  }
  if (isPager(sink)) return [sink.key ?? ""];
  const { pathname, search } = new URL(sink.url);
  const inUrl = (isChat(sink) ? pathname + search : search).split(/[/?&=]/);
  if (isChat(sink)) return inUrl;
  const former = (sink.formerSecrets ?? []).map(({ secret }) => secret);
  return [sink.secret ?? "", ...former, ...inUrl, ...Object.values(sink.headers ?? {})];
}

/** The text without the secrets. */
export function redact(text: string, secrets: readonly string[]): string {
  if (text === "") return text;
  const folded = fold(text);
  const shared = sharedRuns(folded, secrets);
  if (shared.size === 0) return text;
  const lengths = new Set([...shared].map((run) => run.length));
  const covered = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    for (const length of lengths) {
      if (shared.has(folded.slice(at, at + length))) covered.fill(1, at, at + length);
    }
  }
  let shown = "";
  for (let at = 0; at < text.length; at++) {
    if (covered[at] === 0) shown += text[at];
    else if (at === 0 || covered[at - 1] === 0) shown += hidden;
  }
  return shown;
}

/** The runs that the text has and a secret too, in any form; of a secret that is shorter than a run, the secret. */
function sharedRuns(folded: string, secrets: readonly string[]): Set<string> {
  const own = new Set(runsOf(folded));
  const shared = new Set<string>();
  for (const form of new Set(secrets.flatMap(partsOf).flatMap(formsOf))) {
    if (form.length < runChars) {
      if (folded.includes(form)) shared.add(form);
    } else {
      for (const run of runsOf(form)) if (own.has(run)) shared.add(run);
    }
  }
  return shared;
}

function* runsOf(text: string): Generator<string> {
  for (let at = 0; at + runChars <= text.length; at++) yield text.slice(at, at + runChars);
}

/** A header's value has several words: `Basic dXNlcjpwYXNz`. */
function partsOf(secret: string): string[] {
  const words = secret.split(" ");
  const [scheme = "", credentials = ""] = words;
  const decoded =
    scheme.toLowerCase() === "basic" ? Buffer.from(credentials, "base64").toString().split(":") : [];
  return [secret, ...words, ...decoded].filter((part) => part.length >= secretCharsMin);
}

function formsOf(secret: string): string[] {
  const html = secret.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
  const named = secret
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  const forms = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    decoded(secret),
    html,
    named,
  ];
  return forms.map(fold);
}

/** The parts of a URL are escaped. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not escaped: a % that stands for itself.
    return text;
  }
}

/** In lower case, of the same length. */
function fold(text: string): string {
  return text.replace(/[A-Z]/g, (char) => char.toLowerCase());
}
