/** Connects the reads of clients, and their trials of lifecycles, with the threads that run them. */
import type { Peer } from "../core/caller.ts";
import type { DatabaseAddress } from "../db/database-address.ts";
import { readRatesByRange } from "../db/statistics/rate-ranges.ts";
import type { SendBudget } from "../runtime/send-budget.ts";
import { startTrialThread } from "../threads.ts";
import { createClientReads } from "../workers/client-reads.ts";
import type { QueryService } from "../workers/query-service.ts";
import type { ThreadClient } from "../workers/thread.ts";
import { createTrialRuns } from "../workers/trial-runs.ts";

export interface CreateReadsOptions {
  readonly database: DatabaseAddress;
  readonly query: ThreadClient<QueryService>;
  readonly budget: SendBudget;
  readonly refused: (name: string, peer: Peer) => void;
  /** Called with the seq that an answer with findings is as of. */
  readonly findingsRead: (seq: number) => void;
  /** Called with the seq of the last change that an answer with incidents has. */
  readonly incidentsRead: (seq: number) => void;
}

export function createReads({
  database,
  query,
  budget,
  refused,
  findingsRead,
  incidentsRead,
}: CreateReadsOptions) {
  return {
    trials: createTrialRuns({
      start: (stop) => startTrialThread({ ...database, stop }),
      onRefused: ({ peer }) => refused("trials", peer),
    }),
    reads: createClientReads(query, {
      onRefused: ({ peer }) => refused("reads", peer),
      admit: ({ peer }) => budget.refusal(peer),
      inTurns: { rates: readRatesByRange },
      observe: {
        findings: ({ asOfSeq }) => findingsRead(asOfSeq),
        alertIncidents: ({ incidentSeq }) => incidentsRead(incidentSeq),
        alertIncident: (incident) => incidentsRead(incident?.seq ?? 0),
      },
    }),
  };
}
