/**
 * The composition root: the only file that knows every component. It starts them in the order of the pipeline, but for the database
 * threads, which `start.ts` has started, and stops them backwards.
 *
 *     edge ─ accept ─► pipeline ─ append ─► journal
 *                          └───── apply ──► store thread ─► publish ─► edge
 *     edge ─ list, get … ─► fair queue ─► query thread
 *     publish, alerts ─► inner query thread
 *     pipeline ─ findings ─► publish, alerts
 */
import { join } from "node:path";
import { Alerts } from "../alerting/alerts.ts";
import type { Config } from "../config/config.ts";
import { limitsOf } from "../core/caller-limits.ts";
import { MarsError } from "../core/error.ts";
import type { Log, ProcessState } from "../core/ports.ts";
import { appRights } from "../core/rights.ts";
import { CallCounts } from "../edge/call-counts.ts";
import { Denials } from "../edge/denials.ts";
import { Doors } from "../edge/doors.ts";
import { createChanges, createEdgeShares, warnOfRefusals } from "../edge/edge-shares.ts";
import { EventLimits } from "../edge/event-limits.ts";
import { createFairProgress } from "../edge/fair-progress.ts";
import { Intake } from "../edge/intake.ts";
import type { EdgeParts } from "../edge/parts.ts";
import { RefusalLog } from "../edge/refusal-log.ts";
import { Requests } from "../edge/requests.ts";
import type { RuntimeServers } from "../edge/runtime-servers.ts";
import { FileJournal } from "../journal/file-journal.ts";
import { Eraser } from "../maintenance/eraser.ts";
import { SizeHistory } from "../maintenance/size-history.ts";
import { Clock } from "../runtime/clock.ts";
import { within } from "../runtime/delay.ts";
import { EventLoopDelay } from "../runtime/event-loop-delay.ts";
import { collectAfterStart } from "../runtime/garbage.ts";
import { SendBudget } from "../runtime/send-budget.ts";
import { Supervisor } from "../runtime/supervisor.ts";
import { openCertificates } from "../tls/certificates.ts";
import { runBackground } from "./background.ts";
import { createBackups } from "./backups.ts";
import { openCallers } from "./callers.ts";
import { CollectorFiles } from "./collector-files.ts";
import { createBrokerPublisher, createCollectors } from "./collectors.ts";
import { databaseTimeoutMs } from "./database-threads.ts";
import { Declarations } from "./declarations.ts";
import { createDefinitions } from "./definitions.ts";
import { descriptorsMax } from "./descriptors.ts";
import { createHealth } from "./health.ts";
import { LateChanges } from "./late-changes.ts";
import { loggedStore } from "./logged-store.ts";
import type { Mars } from "./mars.ts";
import { marsStats } from "./mars-stats.ts";
import { Pipeline } from "./pipeline.ts";
import { processStats } from "./process-stats.ts";
import { createReads } from "./reads.ts";
import { createScrape } from "./scrape.ts";
import { startServers } from "./servers.ts";
import { createSources } from "./sources.ts";
import type { EarlyParts } from "./start.ts";
import { createTopics } from "./topics.ts";
import { openTracing } from "./tracing.ts";
import { warningsOf } from "./warnings.ts";

/** Subscribers time their reads of history by themselves; this only keeps account of them. */
const liveRetry = { firstMs: 50, lastMs: 5_000 };

/** Starts the rest of Mars: see `startMars`. What has been started is left to `early.shutdown`. */
export async function startParts(
  config: Config,
  log: Log,
  version: string,
  runtime: RuntimeServers,
  { shutdown, remainingMs, stopWithin, unreadable, threads }: EarlyParts,
): Promise<Mars> {
  const supervisor = new Supervisor({ log });
  const certificates = await openCertificates(config, { log, supervisor });
  const tracing = await openTracing(config, { version, log, supervisor, shutdown });
  const clock = new Clock({ log, graceMs: config.startGraceMs });
  const { database, quarantine, store, query, inner } = threads;
  const logged = loggedStore({
    store: store.client,
    change: (method, args) => pipeline.changes.ask(method, args),
    earlier: () => pipeline.changes.earlier(),
  });
  const callers = await openCallers(config, logged, log);
  const journal = new FileJournal({
    directory: join(config.dataDir, "journal"),
    bytesMax: config.journalBytesMax,
    acceptLoss: config.acceptJournalLoss,
    log,
  });
  shutdown.defer("journal", () => journal.close());

  const limits = limitsOf(config);
  const refused = warnOfRefusals(log);
  const shares = createEdgeShares({ onRefused: refused, descriptors: descriptorsMax(), limits });
  const budget = new SendBudget();
  const changes = createChanges();
  const historyReads = supervisor.loop("live_history", liveRetry);
  const { subscriptions, streams } = shares;
  let late: LateChanges | undefined;
  let findingSeqRead = 0;
  let incidentSeqRead = 0;
  const { smtpUrl, smtpFrom, alertAllow, publicUrl } = config;
  const { live, findings, alertTopics, incidents } = createTopics({
    ...{ reader: inner.client, publicUrl },
    ...{ findingSeqRead: () => findingSeqRead, incidentSeqRead: () => incidentSeqRead },
    lastSeq: () => pipeline.lastSeq,
    skipped: (seq) => pipeline.skipped(seq),
    ...{ log, reads: historyReads, subscriptions, streams, budget },
  });
  const pipeline = new Pipeline({
    ...config,
    retentionMs: config.retentionMs === 0 ? Number.POSITIVE_INFINITY : config.retentionMs,
    ...{ journal, store: logged, clock, spans: tracing?.spans },
    listSetAside: inner.client.listSetAside,
    publish: (events, upTo) => live.publish(events, upTo),
    madeLate: (method) => late?.made(method),
    publishFindings: (changed, upTo) => {
      findings.publish(changed, upTo);
      alerts.changed(upTo);
    },
    supervisor,
    log,
  });
  const alerts = new Alerts({
    store: logged,
    reader: inner.client,
    topic: alertTopics,
    incidents,
    allow: alertAllow,
    brokers: createBrokerPublisher(),
    publicUrl,
    ...(smtpUrl !== "" && { smtp: { url: smtpUrl, from: smtpFrom } }),
    version,
    ...{ clock, judge: pipeline.judge, drift: (query) => trials.drift(query), spans: tracing?.spans },
    supervisor,
    log,
  });
  const acknowledged = () => pipeline.acknowledged();
  const eraser = new Eraser({
    store: store.client,
    journal,
    acknowledged,
    progress: pipeline.progress,
    projected: pipeline.projected,
    redact: (appId, messageId) => alerts.redact(appId, messageId),
    forgetRefused: (appId, messageId) => collectors.erase(appId, messageId),
    deleted: pipeline.deleted,
    onRefused: ({ peer }) => refused("erasures", peer),
    supervisor,
    log,
  });

  const backups = createBackups({
    ...{ config, database, store: store.client, journal, acknowledged, version, log },
  });
  const incoming = createSources({
    ...{ store: logged, reader: inner.client, ingest: pipeline.ingest, supervisor, log },
    attributesBytesMax: config.attributesBytesMax,
    onRefused: ({ peer }) => refused("deliveries", peer),
  });
  const { trials, reads } = createReads({
    ...{ database, query: query.client, refused, budget },
    findingsRead: (seq) => {
      findingSeqRead = Math.max(findingSeqRead, seq);
    },
    incidentsRead: (seq) => {
      incidentSeqRead = Math.max(incidentSeqRead, seq);
    },
  });

  const collectors = createCollectors({
    ...config,
    formats: config,
    clock,
    ingest: pipeline.ingest,
    store: logged,
    sources: incoming.sources,
    supervisor,
    log,
  });
  const { access } = callers;
  late = new LateChanges({ access, alerts, sources: incoming.sources, collectors, pipeline, supervisor });
  shutdown.defer("late changes", () => late?.stop());
  const collectorFiles = new CollectorFiles({ host: collectors, supervisor, log });
  const denials = new Denials(log);
  const sizes = new SizeHistory();
  const intake = new Intake(pipeline.ingest, { limits });
  const eventLimits = new EventLimits({ limits, log });
  const [doors, calls] = [new Doors(pipeline.refusals, new RefusalLog(log)), new CallCounts()];
  const eventLoop = new EventLoopDelay();
  shutdown.defer("event loop", async () => eventLoop.stop());
  const databaseThreads = { store, query, "inner query": inner };
  const counting = {
    ...{ pipeline, alerts, backups, eraser, sizes, supervisor, unreadable, certificates },
    ...{ collectors, collectorFiles, incoming, doors, calls, reads, trials, shares },
    ...{ intake, denials, eventLimits, budget, tracing },
    ...{ signIn: callers.signIn, declarations: () => declarations },
    process: () => processStats({ version, threads: databaseThreads, eventLoop }),
  };
  let state: ProcessState = "starting";
  const parts: EdgeParts = {
    ...callers,
    ...{ ingest: pipeline.ingest, denials, intake, eventLimits },
    ...{ doors, calls, formats: config, spans: tracing?.spans },
    requests: new Requests(shares.requests, config.limitRequests > 0),
    reader: reads.for,
    progress: createFairProgress(pipeline.progress, shares.min_seq_waits),
    ...{ live, findings, alertTopics, incidents },
    ...createDefinitions({ store: logged, pipeline }),
    badges: appRights(config.badges),
    ...{ views: logged, declared: logged, sources: incoming.sources },
    alerts,
    ...{ setAside: pipeline.setAside, triage: pipeline.triage, backups, erasures: eraser },
    retentions: pipeline.retentions,
    collectors,
    trials,
    projected: createFairProgress(pipeline.projected, shares.min_seq_waits),
    changes,
    shares,
    budget,
    log,
    version,
    stats: () => marsStats(counting),
    metrics: createScrape({
      stats: () => parts.stats(),
      health: () => parts.health(),
      totals: (caller) => reads.for(caller).totals(),
    }),
    health: createHealth({
      state: () => state,
      starting: threads.schemaStep,
      refusal: () => pipeline.refusal,
      supervisor,
      warnings: warningsOf({ ...counting, ...{ quarantine, clock, access: callers.access } }),
      setAside: () => pipeline.setAside.count,
      threads: databaseThreads,
    }),
  };
  const declarations = new Declarations({ file: config.configFile, parts, supervisor, log });
  const servers = await startServers(parts, { config, runtime, certificates, shutdown, remainingMs });
  shutdown.defer("live", async () => {
    await Promise.all([live, findings, alertTopics, incidents].map((hub) => hub.close()));
  });
  shutdown.defer("streams", () => servers.endStreams());

  // The threads have started meanwhile.
  await store.client.lock(config.dataDir);
  await callers.access.issueLocalToken();
  const journalState = await journal.open();
  await Promise.all([query.client.open(journalState.id), inner.client.open(journalState.id)]);
  await pipeline.start(journalState);
  shutdown.defer("pipeline", () => pipeline.stop(remainingMs()));
  // Where the database is away this ends at once, and the loop tries again.
  await within(databaseTimeoutMs, callers.access.load());
  const background = runBackground({
    ...{ access: callers.access, journal, store: store.client, pipeline, sizes, supervisor, log },
    ...{ databaseUrl: config.databaseUrl, dataDir: config.dataDir },
  });
  shutdown.defer("loops", background);
  for (const [name, part] of Object.entries({ alerts, eraser, backups, collectors, sources: incoming })) {
    part.start();
    shutdown.defer(name, () => part.stop());
  }
  shutdown.defer("collector files", () => collectorFiles.stop());
  shutdown.defer("declarations", () => declarations.stop());
  state = "serving";
  collectAfterStart();

  return {
    httpPort: servers.httpPort,
    grpcPort: servers.grpcPort,
    failed: Promise.race([pipeline.failed, store.failed, query.failed, inner.failed]),
    reloadCertificates: () => certificates.reload(),
    declarations,
    collectorFiles,
    async stop() {
      state = "draining";
      // A running query is awaited with its thread.
      const draining = new MarsError("draining", "mars is stopping", { retryAfterMs: 1_000 });
      for (const queue of [reads, changes, trials, backups, incoming]) queue.close(draining);
      stopWithin(config.shutdownTimeoutMs);
      const late = await shutdown.run(remainingMs);
      state = "stopped";
      if (late.length > 0) throw new Error(`not stopped in time: ${late.join(", ")}`);
    },
  };
}
