/** The part of the store's service for collectors of message brokers, without the changes of `change-service.ts`. */
import type { BrokerStore } from "../core/broker-collector.ts";
import type { ChangeMethod } from "../core/change-record.ts";
import type { BrokerWriter } from "../db/brokers/broker-writer.ts";

export type AfterOpening = <Args extends unknown[], Answer>(
  write: (...args: Args) => Promise<Answer>,
) => (...args: Args) => Promise<Answer>;

/** @param afterOpening refuses calls before the database is this Mars' own */
export function brokerStoreOf(
  brokers: BrokerWriter,
  afterOpening: AfterOpening,
): Omit<BrokerStore, ChangeMethod> {
  return {
    readBrokerCollectors: afterOpening(brokers.readBrokerCollectors.bind(brokers)),
    keepRefused: afterOpening(brokers.keepRefused.bind(brokers)),
    readRefused: afterOpening(brokers.readRefused.bind(brokers)),
    removeRefused: afterOpening(brokers.removeRefused.bind(brokers)),
    eraseRefused: afterOpening(brokers.eraseRefused.bind(brokers)),
    pruneRefused: afterOpening(brokers.pruneRefused.bind(brokers)),
  };
}
