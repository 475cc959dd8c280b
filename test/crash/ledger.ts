/** What the clients know: every event they sent, how often, and every answer. */

export interface Entry {
  readonly appId: string;
  readonly messageId: string;
  readonly event: string;
  readonly createdAt: string;
  /** Times it went out, and times it was acknowledged. */
  sent: number;
  acknowledged: number;
}

export class Ledger {
  readonly entries = new Map<string, Entry>();
  /** Seqs that were given out; a seq that comes twice is a fault. */
  readonly #seqs = new Set<number>();
  readonly faults: string[] = [];
  #count = 0;

  /** A new event; every fifth begins another message. */
  next(client: string): Entry {
    const number = this.#count++;
    const entry: Entry = {
      appId: `crash-${number % 3}`,
      messageId: `${client}-${Math.floor(number / 5)}`,
      event: `STAGE_${number}`,
      createdAt: new Date(Date.UTC(2026, 0, 1) + number).toISOString(),
      sent: 0,
      acknowledged: 0,
    };
    this.entries.set(keyOf(entry), entry);
    return entry;
  }

  sent(entries: readonly Entry[]): void {
    for (const entry of entries) entry.sent++;
  }

  /** @param lastSeq absent where the protocol has none */
  acknowledged(entries: readonly Entry[], lastSeq?: number): void {
    for (const [index, entry] of entries.entries()) {
      entry.acknowledged++;
      if (lastSeq === undefined) continue;
      const seq = lastSeq - entries.length + 1 + index;
      if (this.#seqs.has(seq)) this.faults.push(`seq ${seq} was assigned twice`);
      this.#seqs.add(seq);
    }
  }

  find(messageId: string, event: string): Entry | undefined {
    return this.entries.get(keyOf({ messageId, event }));
  }

  get totals(): { sent: number; acknowledged: number } {
    let sent = 0;
    let acknowledged = 0;
    for (const entry of this.entries.values()) {
      if (entry.sent > 0) sent++;
      if (entry.acknowledged > 0) acknowledged++;
    }
    return { sent, acknowledged };
  }
}

export function keyOf(event: { readonly messageId: string; readonly event: string }): string {
  return `${event.messageId} ${event.event}`;
}

/** The event as REST takes it. */
export function restEvent({ appId, messageId, event, createdAt }: Entry): Record<string, string> {
  return { app_id: appId, message_id: messageId, event, created_at: createdAt };
}
