/** What verifying a delivery needs, and what all schemes share. */
import { timingSafeEqual } from "node:crypto";
import { nowMicros } from "../../core/time.ts";
import type { Delivery, Verify } from "../source.ts";

/** A delivery as it came. */
export interface Received extends Delivery {
  /** The address that the sender has called, as far as Mars knows it; see `twilio.ts`. */
  readonly url: string;
}

/** `undefined`: it is the sender's. Else why not, in one sentence. */
export type Refusal = string | undefined;

export interface VerifyOptions {
  readonly verify: Verify;
  /** Milliseconds of Unix time. */
  readonly nowMs: number;
}

/** Default for the schemes that sign a time. */
export const toleranceMsDefault = 300_000;

export function wallNowMs(): number {
  return nowMicros() / 1_000;
}

/** The secret, and those that it has replaced and that hold still. */
export function secretsOf({ verify, nowMs }: VerifyOptions): readonly string[] {
  const former = (verify.formerSecrets ?? [])
    .filter(({ until }) => until > nowMs)
    .map(({ secret }) => secret);
  return verify.secret === undefined ? former : [verify.secret, ...former];
}

/** In the same time wherever they differ. Lengths are no secret: those of digests are known. */
export function equalBytes(given: Uint8Array, wanted: Uint8Array): boolean {
  return given.byteLength === wanted.byteLength && timingSafeEqual(given, wanted);
}

/** Looks at all of them, so that the time does not depend on which one it was. */
export function someEqual(given: readonly Uint8Array[], wanted: readonly Uint8Array[]): boolean {
  let found = false;
  for (const one of given) for (const other of wanted) found = equalBytes(one, other) || found;
  return found;
}

/** Whether a time, in seconds of Unix time as a text, is near enough. */
export function timeRefusal(
  seconds: string | undefined,
  { verify, nowMs }: VerifyOptions,
  defaultMs = toleranceMsDefault,
): Refusal {
  const toleranceMs = verify.toleranceMs ?? defaultMs;
  if (seconds === undefined || !/^\d{1,13}$/.test(seconds)) return "the delivery has no timestamp";
  if (toleranceMs === 0) return undefined;
  // Some have milliseconds.
  const at = seconds.length > 11 ? Number(seconds) : Number(seconds) * 1_000;
  return Math.abs(nowMs - at) <= toleranceMs ? undefined : "the delivery's timestamp is too far from now";
}

export const noSignature = "the delivery has no signature";
export const wrongSignature = "the signature is not that of this source's secret";
/** More of them in one header are not looked at. */
export const signaturesMax = 16;
