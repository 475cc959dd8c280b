/**
 * The certificate of this Mars: read at the start, and again when its files change. A changed pair that cannot be used is refused, and
 * the one in use stays: clients notice nothing, the operator is warned.
 */
import type { Log } from "../core/ports.ts";
import type { TlsPair, TlsStats } from "../core/tls.ts";
import { delay } from "../runtime/delay.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import {
  attentionOf,
  isoTime,
  type JudgedPair,
  judge,
  messageOf,
  readPair,
  readTexts,
  type Texts,
  type TlsSettings,
} from "./pem-files.ts";

/** Between two looks at the files. They are read: their times and numbers say too little where links are exchanged. */
const lookMsDefault = 5_000;
/** A change must stay as it is for so long: two files cannot be replaced at one moment. */
const settleMsDefault = 1_000;
const retry = { firstMs: 1_000, lastMs: 5_000 };
/** What needs attention is in the log this often. */
const noticeEveryMs = 86_400_000;

export interface CertificatesOptions {
  readonly log: Log;
  readonly supervisor: Supervisor;
  readonly lookMs?: number;
  readonly settleMs?: number;
}

/** Changes the pair with which servers speak. Throws where it cannot; then they speak with the former one. */
export type UsePair = (pair: TlsPair) => void;

/**
 * Reads the configured pair. Rejects with a sentence for the operator where it cannot be used.
 *
 * @returns without a certificate one whose `pair` is `undefined`, and that does nothing
 */
export async function openCertificates(
  settings: TlsSettings,
  options: CertificatesOptions,
): Promise<Certificates> {
  if (settings.tlsCert === "") return new Certificates(settings, undefined, options);
  const judged = await readPair(settings, Date.now());
  if (!judged.ok) throw new Error(judged.problems.join("; "));
  return new Certificates(settings, judged, options);
}

export class Certificates {
  readonly #settings: TlsSettings;
  readonly #options: CertificatesOptions;
  #current: JudgedPair | undefined;
  #use: UsePair = () => {};
  /** The files that were refused last, and why; empty when those that are there are in use. */
  #refused: Texts | undefined;
  #reason = "";
  #reloads = 0;
  #failures = 0;
  #noticedAt = Number.NEGATIVE_INFINITY;
  /** The look that is under way: one at a time. */
  #looking: Promise<void> = Promise.resolve();

  constructor(settings: TlsSettings, judged: JudgedPair | undefined, options: CertificatesOptions) {
    this.#settings = settings;
    this.#current = judged;
    this.#options = options;
  }

  /** In use; `undefined` where both ports speak cleartext. */
  get pair(): TlsPair | undefined {
    return this.#current?.pair;
  }

  /** Looks at the files until the signal aborts. @param use puts a changed pair into the servers */
  async watch(use: UsePair, signal: AbortSignal): Promise<void> {
    if (this.#current === undefined) return;
    this.#use = use;
    const { supervisor, lookMs = lookMsDefault } = this.#options;
    await supervisor.loop("certificates", retry).run(async () => {
      this.#notice();
      await this.#next(signal);
      return lookMs;
    }, signal);
  }

  /** Looks at once, and reports also what is known already. */
  async reload(): Promise<void> {
    if (this.#current === undefined) return;
    const before = this.#reloads;
    this.#refused = undefined;
    await this.#next();
    if (this.#reason === "" && this.#reloads === before) {
      this.#options.log.info("certificate unchanged", { event: "tls_unchanged" });
    }
  }

  /** Sentences for the operator. */
  warnings(): string[] {
    const refused = this.#reason === "" ? [] : [`changed certificate refused: ${this.#reason}`];
    return [...refused, ...this.#attention()];
  }

  /** `null` where both ports speak cleartext. */
  stats(): TlsStats | null {
    if (this.#current === undefined) return null;
    return {
      names: this.#current.names,
      expires_at: isoTime(this.#current.expiresAt),
      reloads: this.#reloads,
      failures: this.#failures,
      last_error: this.#reason,
    };
  }

  #attention(): string[] {
    return this.#current === undefined ? [] : attentionOf(this.#current, Date.now());
  }

  #next(settle?: AbortSignal): Promise<void> {
    const look = this.#looking.then(() => this.#look(settle));
    this.#looking = look.catch(() => undefined);
    return look;
  }

  /** @param settle where given, a change must last for `settleMs`, or until the signal aborts */
  async #look(settle: AbortSignal | undefined): Promise<void> {
    const found = await readTexts(this.#settings);
    if (this.#isKnown(found)) return;
    if (settle !== undefined) {
      await delay(this.#options.settleMs ?? settleMsDefault, settle);
      // Still being written: the next look decides.
      if (settle.aborted || !isSame(found, await readTexts(this.#settings))) return;
    }
    const judged = found.ok ? judge(found.pair, this.#settings, Date.now()) : found;
    if (!judged.ok) return this.#refuse(found, judged.problems.join("; "));
    try {
      this.#use(judged.pair);
    } catch (error) {
      // Not for good: the next look tries it again.
      return this.#refuse(undefined, messageOf(error), error);
    }
    this.#take(judged);
  }

  /** Whether the files have been taken, or refused, as they are. */
  #isKnown(found: Texts): boolean {
    if (this.#current !== undefined && isSame(found, { ok: true, pair: this.#current.pair })) {
      this.#refused = undefined;
      this.#reason = "";
      return true;
    }
    return this.#refused !== undefined && isSame(found, this.#refused);
  }

  #take(judged: JudgedPair): void {
    this.#current = judged;
    this.#refused = undefined;
    this.#reason = "";
    this.#reloads += 1;
    this.#noticedAt = Number.NEGATIVE_INFINITY;
    const { names, expiresAt } = judged;
    const fields = { names, expires_at: isoTime(expiresAt) };
    this.#options.log.info("certificate reloaded", { event: "tls_reloaded", ...fields });
    this.#notice();
  }

  /** @param found not to be tried again; `undefined` where it is */
  #refuse(found: Texts | undefined, reason: string, error?: unknown): void {
    this.#refused = found;
    if (reason === this.#reason && found === undefined) return;
    this.#reason = reason;
    this.#failures += 1;
    this.#options.log.error("changed certificate refused, the former one stays", {
      event: "tls_reload_failed",
      reason,
      ...(error !== undefined && { error }),
    });
  }

  /** Logs the warnings, once a day. */
  #notice(): void {
    const now = performance.now();
    if (now - this.#noticedAt < noticeEveryMs) return;
    this.#noticedAt = now;
    for (const warning of this.#attention()) {
      this.#options.log.warn("certificate needs attention", { event: "tls_warning", warning });
    }
  }
}

function isSame(a: Texts, b: Texts): boolean {
  if (!a.ok || !b.ok) return !a.ok && !b.ok && a.problems.join() === b.problems.join();
  const [one, other] = [a.pair, b.pair];
  return one.cert === other.cert && one.key === other.key && one.clientCa === other.clientCa;
}
