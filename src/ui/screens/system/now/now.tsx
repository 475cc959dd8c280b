/** How Mars itself is: what waits at each step, what it keeps, who is connected, and what goes wrong. */
import { useRef } from "preact/hooks";
import type { Stats } from "../../../../api/stats.ts";
import { useRead } from "../../../data/resource.ts";
import { bytesText, countText, durationText, shareText } from "../../../data/text.ts";
import { Failure, Pending } from "../../../parts/notice.tsx";
import { BackupCard } from "./backup-card.tsx";
import { Connections } from "./connections.tsx";
import { FigureCard } from "./figure-card.tsx";
import { Loops } from "./loops.tsx";
import { ProcessFacts } from "./process-facts.tsx";
import { Steps } from "./steps.tsx";

/** No topic has the figures of Mars itself. */
const refreshMs = 2_000;

interface Look {
  readonly at: number;
  readonly accepted: number;
}

export function Now() {
  const { data, error } = useRead("getStats", {}, { everyMs: refreshMs });
  const before = useRef<{ readonly last?: Look; readonly rate: number }>({ rate: 0 });
  const stats = data as unknown as Stats | undefined;
  if (stats === undefined) {
    return error === undefined ? (
      <Pending what="the system" rows={10} />
    ) : (
      <Failure error={error} what="The system" />
    );
  }
  const { totals, store, journal, projector, history } = stats;
  const { last } = before.current;
  if (last === undefined || Date.now() - last.at > refreshMs / 2) {
    const look = { at: Date.now(), accepted: totals.accepted };
    const rate = last === undefined ? 0 : ((look.accepted - last.accepted) * 1_000) / (look.at - last.at);
    before.current = { last: look, rate: Math.max(0, rate) };
  }
  const { accepted, step_ms } = history;
  const gaps = accepted.includes(null) ? "; gaps are times without Mars" : "";
  const over = `over the last ${durationText(accepted.length * step_ms)}${gaps}`;
  const databaseBytes = history.database_bytes.findLast((bytes) => bytes !== null) ?? 0;
  return (
    <>
      {error !== undefined && <Failure error={error} what="The system" />}
      <ul class="cards">
        <FigureCard
          name="Events"
          figures={[
            ["accepted a second", countText(Math.round(before.current.rate))],
            ["since the start", countText(totals.accepted)],
            ["refused", countText(totals.refused)],
          ]}
          bars={accepted}
          label={`Events accepted, ${over}`}
        />
        <FigureCard
          name="Store"
          tone={store.available ? "good" : "bad"}
          figures={[
            ["behind", countText(store.behind)],
            ["stored", countText(totals.stored)],
            ["sent twice", countText(totals.duplicates)],
          ]}
          bars={history.behind}
          label={`Events that waited for it, ${over}`}
          fault={store.last_error}
        />
        <FigureCard
          name="Lifecycles"
          figures={[
            ["behind", countText(projector.behind)],
            ["raised", countText(projector.findings.raised)],
            ["retracted", countText(projector.findings.retracted)],
          ]}
          fault={projector.last_error}
        />
        <FigureCard
          name="Journal"
          figures={[
            ["size", bytesText(journal.bytes)],
            ["of its bound", shareText(journal.bytes / journal.bytes_max)],
            ["damaged files", countText(journal.damaged_files)],
          ]}
          bars={history.journal_bytes}
          label={`Its size, ${over}`}
        />
        <FigureCard
          name="Database"
          tone={stats.database !== null && stats.database.damaged > 0 ? "bad" : "good"}
          figures={[
            ["size", databaseBytes === 0 ? "elsewhere" : bytesText(databaseBytes)],
            ["kept by readers", bytesText(store.log_bytes)],
            ["damaged pages", countText(stats.database?.damaged ?? 0)],
          ]}
          bars={history.database_bytes}
          label={`Its size, ${over}`}
        />
        <FigureCard
          name="Retention"
          figures={[
            ["messages deleted", countText(stats.retention.messages)],
            ["events", countText(stats.retention.events)],
            ["audit", bytesText(stats.retention.audit.bytes)],
          ]}
          fault={stats.retention.held}
        />
        <BackupCard backup={stats.backup} />
      </ul>
      <Steps stats={stats} />
      <Connections stats={stats} />
      <Loops loops={stats.loops} />
      <ProcessFacts stats={stats} />
      <details>
        <summary>All numbers</summary>
        <pre>{JSON.stringify({ ...stats, history: undefined }, null, 2)}</pre>
      </details>
    </>
  );
}
