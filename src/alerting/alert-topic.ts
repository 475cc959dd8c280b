/**
 * The topics of alerts: what is sent to a sink of type `topic` is published on `alerts` and `alerts/{rule}`.
 *
 * A notification gets its seq in the database before it is published, so that a subscriber that resumes misses nothing: what was
 * stored and not published, because the answer was lost, is published with the next one.
 */
import type { AlertItem } from "../core/alert-item.ts";
import { MarsError } from "../core/error.ts";
import type { Live } from "../core/ports.ts";
import type { HistoryPage, HistoryQuery } from "../core/query.ts";
import { delay } from "../runtime/delay.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { linksOf } from "./links.ts";
import type { Notification } from "./notification.ts";
import { notificationJson } from "./notification-json.ts";
import type { AlertReader, AlertStore } from "./ports.ts";

/** The hub, as it is published to. */
export interface AlertHub extends Pick<Live<AlertItem>, "seq" | "announce"> {
  publish(items: readonly AlertItem[], upTo: number): void;
}

/** A notification that was published. */
export interface PublishedNotification {
  readonly seq: number;
  readonly notification: Notification;
}

/** A part of the history of the topics. */
export interface PublishedPage {
  readonly published: readonly PublishedNotification[];
  /** Everything up to here is in this page or was before it. */
  readonly to: number;
  /** What was published up to here may be deleted. */
  readonly prunedTo: number;
}

/** Between attempts to read the last seq at the start, in milliseconds. */
const retry = { firstMs: 1_000, lastMs: 5_000 };

export class AlertTopic {
  readonly #reader: Pick<AlertReader, "publishedAlerts" | "lastPublishedAlert">;
  readonly #store: Pick<AlertStore, "publishAlert">;
  readonly #publicUrl: string;
  readonly #hub: AlertHub;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: {
    readonly reader: Pick<AlertReader, "publishedAlerts" | "lastPublishedAlert">;
    readonly store: Pick<AlertStore, "publishAlert">;
    readonly hub: AlertHub;
    readonly publicUrl: string;
  }) {
    this.#reader = options.reader;
    this.#store = options.store;
    this.#hub = options.hub;
    this.#publicUrl = options.publicUrl;
  }

  /** Lets subscribers begin, however long the database is away. */
  async start(supervisor: Supervisor, signal: AbortSignal): Promise<void> {
    const loop = supervisor.loop("alert_topic", retry);
    while (!signal.aborted) {
      try {
        const last = await this.#reader.lastPublishedAlert();
        // Nothing is published before: see `publish`.
        this.#hub.publish([], last);
        loop.succeeded();
        return;
      } catch (thrown) {
        await delay(loop.failed(thrown), signal);
      }
    }
  }

  /** Publishes a delivery, one at a time. Doing it again changes nothing. */
  publish(delivery: number): Promise<void> {
    const published = this.#turn.then(async () => {
      const upTo = await this.#store.publishAlert(delivery);
      while (this.#hub.seq < upTo) {
        const after = this.#hub.seq;
        const { published, to } = await this.#reader.publishedAlerts({ after, upTo });
        if (to <= after) throw new MarsError("unavailable", "what is published cannot be read yet");
        this.#hub.publish(
          published.map((one) => itemOf(one, this.#publicUrl)),
          to,
        );
      }
    });
    this.#turn = published.catch(() => undefined);
    return published;
  }

  /** Sends a test to those who watch now. It is no part of history. */
  announce(notification: Notification): void {
    this.#hub.announce(itemOf({ seq: 0, notification }, this.#publicUrl));
  }
}

/** The history of the topics, for their hub. */
export function alertHistory(reader: Pick<AlertReader, "publishedAlerts">, publicUrl: string) {
  return {
    async history({ topic, after, upTo }: HistoryQuery): Promise<HistoryPage<AlertItem>> {
      const rule = topic.messageId;
      const query = { after, upTo, ...(rule !== undefined && { rule }) };
      const { published, to, prunedTo } = await reader.publishedAlerts(query);
      return { events: published.map((one) => itemOf(one, publicUrl)), to, prunedTo };
    },
  };
}

function itemOf({ seq, notification }: PublishedNotification, publicUrl: string): AlertItem {
  const { incident } = notification;
  const links =
    incident === undefined || publicUrl === ""
      ? undefined
      : linksOf(publicUrl, incident, incident.figures.samples);
  const { appId = "", rule = "" } = incident ?? {};
  return { seq, appId, messageId: rule, json: notificationJson(notification, links) };
}
