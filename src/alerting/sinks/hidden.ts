/**
 * The secrets of a sink in answers: `(hidden)` stands for each. A client may read a sink, change it and put it again: what comes
 * back hidden is kept. Pure.
 *
 * | | hidden | kept where it is put as |
 * | --- | --- | --- |
 * | the values of a webhook's headers | `"X-Token": "(hidden)"` | that, or without `headers` |
 * | its signing secret | `(hidden)` | that, or absent |
 * | the query of its URL | `https://example.com/hook?(hidden)` | that |
 * | the URL of Slack, Teams and Discord | `https://hooks.slack.com/(hidden)` | that |
 * | the key of PagerDuty and Opsgenie | `(hidden)` | that, or absent |
 * | the password in a broker's URL, or NATS' token | `nats://user:(hidden)@host?subject=alerts` | that |
 *
 * All but the signing secret are sent as they are. They are kept for the same scheme, host and port only: else a client
 * that must not see them could have them sent to a host of its own.
 */
import { urlText } from "../../core/broker-collector.ts";
import type { FieldProblem } from "../../core/error.ts";
import {
  type AlertSink,
  type ChatType,
  headersBytesMax,
  headersMax,
  isChat,
  isPager,
  type PagerType,
  type SinkHeaders,
  type SinkTarget,
} from "../sink.ts";

export const hidden = "(hidden)";
/** A secret that is another than before. */
export const changed = "(changed)";

type Webhook = Extract<SinkTarget, { readonly type: "webhook" }>;
type Broker = Extract<SinkTarget, { readonly type: "broker" }>;
type Chat = Extract<SinkTarget, { readonly type: ChatType }>;
type Pager = Extract<SinkTarget, { readonly type: PagerType }>;

/**
 * A sink as it is shown.
 *
 * @param before the sink that it replaces: what is another secret than there is `(changed)`
 */
export function withoutSecrets(sink: AlertSink, before: AlertSink = sink): AlertSink {
  if (sink.type === "email" || sink.type === "topic") return sink;
  if (sink.type === "broker") return { ...sink, url: shownBroker(sink.url, before) };
  const { origin, pathname, search, hash } = new URL(sink.url);
  const old = "url" in before ? new URL(before.url) : undefined;
  const secret = (value: string | undefined, other: string | undefined) =>
    value === other ? hidden : changed;
  // With such a URL anyone can write to the channel.
  if (isChat(sink))
    return { ...sink, url: `${origin}/${secret(pathname + search, old && old.pathname + old.search)}` };
  if (isPager(sink)) return { ...sink, key: secret(sink.key, isPager(before) ? before.key : undefined) };
  const { headers, secret: signing }: Partial<Webhook> = before.type === "webhook" ? before : {};
  const { formerSecrets: _, ...shown } = sink;
  return {
    ...shown,
    url:
      search === "" && hash === ""
        ? sink.url
        : `${origin}${pathname}?${secret(search + hash, old && old.search + old.hash)}`,
    secret: secret(sink.secret, signing),
    ...(sink.headers !== undefined && {
      headers: mapValues(sink.headers, (value, name) => secret(value, headers?.[name])),
    }),
  };
}

export interface Kept {
  /** As it is to be stored; without `secret` where one is to be made. */
  readonly kept: SinkTarget;
  readonly problems: readonly FieldProblem[];
}

/**
 * Puts the secrets that a sink has in the place of those that are absent or hidden.
 *
 * @param target with a URL that `parseTarget` takes
 * @param before the stored sink of the same id
 */
export function withKept(target: SinkTarget, before: AlertSink | undefined): Kept {
  if (target.type === "email" || target.type === "topic") return { kept: target, problems: [] };
  if (target.type === "broker") return keepBroker(target, before?.type === "broker" ? before : undefined);
  if (isChat(target)) return keepChat(target, before?.type === target.type ? before : undefined);
  if (isPager(target)) return keepPager(target, before?.type === target.type ? before : undefined);
  return keepWebhook(target, before?.type === "webhook" ? before : undefined);
}

function keepChat(target: Chat, before: AlertSink | undefined): Kept {
  const url = new URL(target.url);
  if (plain(url.pathname) !== `/${hidden}`) return { kept: target, problems: [] };
  if (before !== undefined && isChat(before) && new URL(before.url).origin === url.origin)
    return { kept: before, problems: [] };
  return {
    kept: target,
    problems: [{ field: "url", message: "must be whole: the sink has none of this host" }],
  };
}

/** The part of a broker's URL that is a secret: a user without a password is a token. */
function secretPart({ password, username }: URL): "password" | "username" | undefined {
  if (password !== "") return "password";
  return username === "" ? undefined : "username";
}

function shownBroker(text: string, before: AlertSink): string {
  const url = new URL(text);
  const part = secretPart(url);
  if (part === undefined) return text;
  const old = before.type === "broker" ? new URL(before.url)[part] : undefined;
  url[part] = url[part] === old ? hidden : changed;
  return urlText(url);
}

function keepBroker(target: Broker, before: Broker | undefined): Kept {
  const url = new URL(target.url);
  const part = secretPart(url);
  if (part === undefined || plain(url[part]) !== hidden) return { kept: target, problems: [] };
  const old = before && new URL(before.url);
  const same = old !== undefined && old.protocol === url.protocol && old.host === url.host;
  const user = part === "username" || old?.username === url.username;
  if (!same || !user || secretPart(old) !== part) {
    const message = "must be whole: the sink has no password for this scheme, user, host and port";
    return { kept: target, problems: [{ field: "url", message }] };
  }
  url[part] = old[part];
  return { kept: { ...target, url: urlText(url) }, problems: [] };
}

function keepPager(target: Pager, before: AlertSink | undefined): Kept {
  if (target.key !== undefined && target.key !== hidden) return { kept: target, problems: [] };
  const same =
    before !== undefined && isPager(before) && new URL(before.url).origin === new URL(target.url).origin;
  if (same && before.key !== undefined) return { kept: { ...target, key: before.key }, problems: [] };
  const message = "must be given: the sink has none for this host";
  return { kept: target, problems: [{ field: "key", message }] };
}

function keepWebhook(target: Webhook, before: Webhook | undefined): Kept {
  const problems: FieldProblem[] = [];
  const url = new URL(target.url);
  const old = before && new URL(before.url);
  const moved = old !== undefined && old.origin !== url.origin;
  let address = target.url;
  if (plain(url.search) === `?${hidden}`) {
    if (old === undefined || moved || old.search === "") {
      problems.push({ field: "url", message: "must be whole: the sink has no query for this host" });
    } else {
      address = url.origin + url.pathname + old.search;
    }
  }
  const secret = target.secret === hidden || target.secret === undefined ? before?.secret : target.secret;
  if (target.secret === hidden && secret === undefined) {
    problems.push({ field: "secret", message: "must be given or be absent: the sink has none" });
  }
  const headers = keepHeaders(target.headers, before?.headers ?? {}, moved, problems);
  const kept = {
    type: target.type,
    url: address,
    ...(secret !== undefined && { secret }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(target.template !== undefined && { template: target.template }),
    ...(target.contentType !== undefined && { contentType: target.contentType }),
  };
  return { kept, problems };
}

function keepHeaders(
  given: SinkHeaders | undefined,
  before: SinkHeaders,
  moved: boolean,
  problems: FieldProblem[],
): SinkHeaders {
  const again = "must be given again, because the URL has another scheme, host or port";
  if (given === undefined) {
    if (moved && Object.keys(before).length > 0)
      problems.push({ field: "headers", message: `${again}; {} for none` });
    return before;
  }
  // Names of headers are the same in any case.
  const old = new Map(Object.entries(before).map(([name, value]) => [name.toLowerCase(), value]));
  const headers = mapValues(given, (value, name) => {
    if (value !== hidden) return value;
    const kept = old.get(name.toLowerCase());
    if (kept === undefined || moved) {
      const message = kept === undefined ? "must be given: the sink has no such header" : again;
      problems.push({ field: `headers.${name}`, message });
    }
    return kept ?? value;
  });
  const entries = Object.entries(headers);
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (entries.length > headersMax) {
    problems.push({ field: "headers", message: `must be at most ${headersMax}, are ${entries.length}` });
  }
  if (bytes > headersBytesMax) {
    problems.push({
      field: "headers",
      message: `must be at most ${headersBytesMax} bytes in all, have ${bytes}`,
    });
  }
  return headers;
}

/** A client may escape the parentheses of what it was shown. */
function plain(part: string): string {
  return part.replaceAll("%28", "(").replaceAll("%29", ")");
}

function mapValues(headers: SinkHeaders, value: (value: string, name: string) => string): SinkHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, old]) => [name, value(old, name)]));
}
