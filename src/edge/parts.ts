/** The dependencies of every protocol: the ports that it uses, and its settings. Wired in `app.ts`. */
import type { SignIn } from "../access/sign-in.ts";
import type { ApiParts } from "../api/parts.ts";
import type { AlertItem } from "../core/alert-item.ts";
import type { Author } from "../core/audit.ts";
import type { Caller } from "../core/caller.ts";
import type { IncidentItem } from "../core/incident-item.ts";
import type { Ingest, Live, Log } from "../core/ports.ts";
import type { Spans } from "../core/spans.ts";
import type { FormatMapping } from "../formats/mapping.ts";
import type { Finding } from "../lifecycle/finding.ts";
import type { Family } from "../metrics/family.ts";
import type { SendBudget } from "../runtime/send-budget.ts";
import type { CallCounts } from "./call-counts.ts";
import type { Identify } from "./caller.ts";
import type { Denials } from "./denials.ts";
import type { Doors } from "./doors.ts";
import type { EdgeShares } from "./edge-shares.ts";
import type { EventLimits } from "./event-limits.ts";
import type { Gate } from "./http/gate.ts";
import type { Intake } from "./intake.ts";
import type { Requests } from "./requests.ts";

export interface EdgeParts extends ApiParts {
  /** Who a caller is. */
  readonly access: Identify;
  readonly signIn: SignIn;
  readonly ingest: Ingest;
  /** To be notified of all events, accepted and refused, in all protocols. */
  readonly doors: Doors;
  readonly calls: CallCounts;
  /** Absent where none are sent. */
  readonly spans?: Spans | undefined;
  /** One for all protocols, and so are its bounds. */
  readonly intake: Intake;
  readonly eventLimits: EventLimits;
  /** How records of other formats become events. */
  readonly formats: FormatMapping;
  /** The requests of port 4000 under way. */
  readonly requests: Requests;
  readonly live: Live;
  readonly findings: Live<Finding>;
  readonly alertTopics: Live<AlertItem>;
  readonly incidents: Live<IncidentItem>;
  /** The caps of all protocols, divided between peers. */
  readonly shares: EdgeShares;
  /** The bytes that wait to be sent. */
  readonly budget: SendBudget;
  readonly log: Log;
  readonly denials: Denials;
  /** See `Backups.begin`. */
  readonly backups: { begin(by: Author): Promise<AsyncIterator<Uint8Array>> };
  /** Which hosts and which pages are served. */
  readonly gate: Gate;
  readonly version: string;
  /** The figures as metrics, with those that the caller reads from the database. */
  readonly metrics: (caller: Caller) => Promise<readonly Family[]>;
  /** Whether `GET /api/create_event` and `GET /api/test_socket` exist now. */
  readonly testEndpoints: () => boolean;
}
