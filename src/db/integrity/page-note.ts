/** The state of the database that the checksums of its pages belong to, as numbers of their log (`PageSums`). */
import { readFileSync } from "node:fs";

/**
 * That state: the write-ahead log after the last checkpoint, whether Mars closed it, how far the store had come, and the
 * machine's boot.
 */
export interface PageNote {
  readonly salt: number;
  readonly backfilled: number;
  readonly closed: boolean;
  readonly seq: number;
  readonly run: readonly number[];
}

/** @param numbers as `numbersOf` makes them; those that are missing count as 0 */
export function noteOf(numbers: readonly number[]): PageNote {
  const [salt = 0, backfilled = 0, closed = 0, high = 0, low = 0, ...run] = numbers;
  return { salt, backfilled, closed: closed === 1, seq: high * 2 ** 32 + low, run };
}

/** As they are logged; a seq in two halves of 32 bits. */
export function numbersOf({ salt, backfilled, closed, seq, run }: PageNote): number[] {
  return [salt, backfilled, closed ? 1 : 0, Math.floor(seq / 2 ** 32), seq % 2 ** 32, ...run];
}

/** The id of the machine's boot; only Linux has one. */
export function runOfMachine(): number[] {
  let text: string;
  try {
    text = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
  } catch {
    // Elsewhere every stop without a close counts as a loss of power.
    return [];
  }
  const hex = text.replaceAll("-", "").slice(0, 32);
  return [0, 8, 16, 24].map((at) => Number.parseInt(hex.slice(at, at + 8), 16));
}
