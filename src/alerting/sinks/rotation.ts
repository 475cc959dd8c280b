/** Secrets are rotated with an overlap: for a while a webhook is signed by the former secret too. Pure. */
import type { Micros } from "../../core/event.ts";
import { type AlertSink, formerSecretsMax, type SinkTarget } from "../sink.ts";

type Webhook = Extract<SinkTarget, { readonly type: "webhook" }>;

export interface Rotation {
  readonly now: Micros;
  /** How long a secret that is replaced goes on; 0 ends all former ones. */
  readonly overlapMs: number;
}

/** @param before the stored sink of the same id @returns the target with the secrets that go on beside its own */
export function rotated(
  target: SinkTarget,
  before: AlertSink | undefined,
  { now, overlapMs }: Rotation,
): SinkTarget {
  if (target.type !== "webhook" || before?.type !== "webhook") return target;
  const { secret, formerSecrets = [] } = before;
  if (overlapMs === 0) return target;
  const replaced = secret !== undefined && secret !== target.secret;
  if (!replaced) return formerSecrets.length === 0 ? target : { ...target, formerSecrets };
  const former = [{ secret, until: now + overlapMs * 1_000 }, ...formerSecrets]
    .filter(({ secret, until }) => until > now && secret !== target.secret)
    .slice(0, formerSecretsMax);
  return { ...target, formerSecrets: former };
}

/** The secrets by which it is signed, its own first. */
export function signingSecrets({ secret = "", formerSecrets = [] }: Webhook, now: Micros): string[] {
  return [secret, ...formerSecrets.filter(({ until }) => until > now).map(({ secret }) => secret)];
}

/** When the last of the former secrets ends; `undefined` where none goes on. */
export function overlapEnd(sink: SinkTarget, now: Micros): Micros | undefined {
  const ends = sink.type === "webhook" ? (sink.formerSecrets ?? []).map(({ until }) => until) : [];
  const last = Math.max(0, ...ends);
  return last > now ? last : undefined;
}
