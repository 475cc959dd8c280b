/** Reads the numbers of metrics. Kept for a while: several may scrape. Runs on a query thread. */
import type { Row } from "@libsql/client";
import { nowMicros } from "../../core/time.ts";
import { totalsSql } from "../../gen/sql.ts";
import { type AppTotals, appTotalsMax, type Totals, type TotalsReader } from "../../statistics/totals.ts";
import { FreshCache } from "../fresh-cache.ts";
import type { ReadConnection } from "../read-connection.ts";

/** In microseconds: less than the time between two scrapes. */
const freshFor = 2_000_000;

export class TotalsQueries implements TotalsReader {
  readonly #connection: ReadConnection;
  readonly #known = new FreshCache<Totals>({ freshFor, max: 1 });

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  totals(): Promise<Totals> {
    return this.#known.of("", nowMicros(), () => this.#read());
  }

  async #read(): Promise<Totals> {
    const [first = [], all = [], missing = [], alerts = []] = await this.#connection.read([
      { sql: totalsSql.apps, args: [appTotalsMax] },
      totalsSql.all,
      totalsSql.missing,
      totalsSql.alerts,
    ]);
    const ofApp = new Map(missing.map((row) => [Number(row.app), row]));
    const apps = new Map(first.map((row) => [String(row.app_id), totalsOf(row, ofApp.get(Number(row.id)))]));
    const sum = all[0]!;
    const shown = (name: keyof AppTotals) => [...apps.values()].reduce((total, app) => total + app[name], 0);
    const missed = (name: "missing" | "acknowledged") =>
      missing.reduce((total, row) => total + Number(row[name]), 0) - shown(name);
    return {
      apps,
      others: {
        apps: Number(sum.apps) - apps.size,
        events: Number(sum.events) - shown("events"),
        open: Number(sum.open) - shown("open"),
        missing: missed("missing"),
        acknowledged: missed("acknowledged"),
      },
      activeIncidents: Number(alerts[0]?.active_incidents),
      pendingDeliveries: Number(alerts[0]?.pending_deliveries),
    };
  }
}

function totalsOf(app: Row, missing: Row | undefined): AppTotals {
  return {
    events: Number(app.events),
    open: Number(app.open),
    missing: Number(missing?.missing ?? 0),
    acknowledged: Number(missing?.acknowledged ?? 0),
  };
}
