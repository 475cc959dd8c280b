/**
 * The topics of incidents: `incidents`, `apps/{app_id}/incidents` and `incidents/{id}` carry each incident as it opens, grows, is cared for
 * by people and ends.
 *
 * A change gets its seq in the transaction that writes it, and what is published is read from the database: so a subscriber that resumes
 * misses nothing, whichever answer was lost. Of an incident that changed more than once before it was read, the last change is sent.
 */
import { MarsError } from "../core/error.ts";
import type { IncidentItem } from "../core/incident-item.ts";
import type { HistoryPage, HistoryQuery } from "../core/query.ts";
import { delay } from "../runtime/delay.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { Wake } from "../runtime/wake.ts";
import type { StoredIncident } from "./incident.ts";
import { incidentToJson } from "./json.ts";
import type { AlertReader } from "./ports.ts";

/** The hub, as it is published to. */
export interface IncidentHub {
  readonly seq: number;
  /** Number of its subscriptions. */
  readonly subscriptions: number;
  publish(items: readonly IncidentItem[], upTo: number): void;
}

/** A part of the history of the topics. */
export interface IncidentHistoryPage {
  /** In the order of their last changes. */
  readonly incidents: readonly StoredIncident[];
  /** Everything up to here is in this page or was before it. */
  readonly to: number;
  /** Incidents whose last change is up to here may be deleted. */
  readonly prunedTo: number;
}

type Reader = Pick<AlertReader, "incidentHistory" | "lastIncidentSeq">;

/** Between attempts after a failure, in milliseconds. */
const retry = { firstMs: 100, lastMs: 5_000 };
/** The longest sleep without a change. */
const sleepMs = 60_000;

export interface IncidentTopicOptions {
  readonly reader: Reader;
  readonly hub: IncidentHub;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
}

export class IncidentTopic {
  readonly #options: IncidentTopicOptions;
  readonly #wake = new Wake();
  #wanted = 0;

  constructor(options: IncidentTopicOptions) {
    this.#options = options;
  }

  /**
   * Incidents may have changed. Only wakes the loop.
   *
   * @param seq of the last change; 0 where the answer that has it was lost
   */
  changed(seq: number): void {
    this.#wanted = Math.max(this.#wanted, seq);
    this.#wake.ring();
  }

  /** Publishes what has changed until the signal aborts. */
  async run(): Promise<void> {
    const { reader, hub, supervisor, signal } = this.#options;
    const loop = supervisor.loop("incident_topic", retry);
    let opened = false;
    while (!signal.aborted) {
      try {
        const last = await reader.lastIncidentSeq();
        // Subscribers begin here: what is before is history.
        if (!opened && hub.seq === 0) hub.publish([], last);
        opened = true;
        await this.#publish(Math.max(last, this.#wanted));
        loop.succeeded();
      } catch (thrown) {
        await delay(loop.failed(thrown), signal);
        continue;
      }
      await this.#wake.sleep(sleepMs, signal);
    }
  }

  async #publish(upTo: number): Promise<void> {
    const { reader, hub } = this.#options;
    while (hub.seq < upTo) {
      // Who subscribes from now on begins behind these.
      if (hub.subscriptions === 0) return hub.publish([], upTo);
      const after = hub.seq;
      const { incidents, to } = await reader.incidentHistory({ after, upTo });
      if (to <= after) throw new MarsError("unavailable", "incidents that have changed cannot be read yet");
      hub.publish(incidents.map(itemOf), to);
    }
  }
}

/** The history of the topics, for their hub. */
export function incidentHistory(reader: Pick<AlertReader, "incidentHistory">) {
  return {
    async history({ topic, after, upTo }: HistoryQuery): Promise<HistoryPage<IncidentItem>> {
      const { appId, messageId } = topic;
      const { incidents, to, prunedTo } = await reader.incidentHistory({
        ...{ after, upTo },
        ...(appId !== undefined && { appId }),
        ...(messageId !== undefined && { id: Number(messageId) }),
      });
      return { events: incidents.map(itemOf), to, prunedTo };
    },
  };
}

function itemOf(incident: StoredIncident): IncidentItem {
  const { seq, appId, id } = incident;
  return { seq, appId, messageId: String(id), json: JSON.stringify(incidentToJson(incident)) };
}
