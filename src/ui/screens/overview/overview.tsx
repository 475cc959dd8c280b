/** What is wrong now, in every app. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { setClock } from "../../data/clock.ts";
import { isDemo, isRemoved } from "../../data/demo.ts";
import { incidentsTopic, useFollow } from "../../data/follow.ts";
import { watch } from "../../data/live.ts";
import { phone } from "../../data/phone.ts";
import { rangeAddress } from "../../data/range.ts";
import { useRead } from "../../data/resource.ts";
import { go, messageAddress, parameter } from "../../data/route.ts";
import { countText } from "../../data/text.ts";
import { counts } from "../../frame/counts.ts";
import { DemoBar } from "../../frame/demo-bar.tsx";
import { Page } from "../../frame/page.tsx";
import { WordBadge } from "../../parts/badge.tsx";
import { Choice } from "../../parts/choice.tsx";
import { FirstEvent } from "../../parts/first-event.tsx";
import { GroupTable } from "../../parts/group-table.tsx";
import { Failure, Pending } from "../../parts/notice.tsx";
import { Moment } from "../../parts/time.tsx";
import type { Finding } from "../findings/findings.tsx";
import { AppCard } from "./app-card.tsx";
import { IncidentBanner } from "./incident-banner.tsx";

/** Counts, ages and percentiles move with the clock, and no topic has them. Findings and incidents come live. */
const refreshMs = 5_000;
const findingsShown = 14;
/** How far the cards look back, as `range` in the address. */
const windows = [
  { value: "", text: "Now", title: "Times of the last hour, and the events of a day" },
  ...["15m", "1h", "6h", "24h", "7d"].map((value) => ({ value, text: value })),
];
const groupsShown = 10;

export function Overview() {
  const asked = parameter("range");
  const window = windows.find(({ value }) => value === asked)?.value ?? "";
  const { data, error, pending, reload } = useRead("getOverview", { window }, { everyMs: refreshMs });
  const live = useSignal<readonly Finding[]>([]);

  useEffect(() => {
    if (data === undefined) return;
    setClock(data.clock);
    counts.value = { stuck: data.overdue, incidents: data.active_incidents };
  }, [data]);

  useFollow({ topic: incidentsTopic(), asOfSeq: data?.incident_seq, reload });

  useEffect(
    () =>
      watch("findings", undefined, {
        frame: ({ finding }) => {
          const found = finding as Finding;
          const others = live.peek().filter(({ id }) => id !== found.id);
          live.value = [found, ...others].slice(0, findingsShown);
        },
        lost: reload,
      }),
    [],
  );

  const controls = (
    <Choice
      label="How far back"
      values={windows}
      chosen={window}
      choose={(value) => go(rangeAddress(value))}
    />
  );
  if (data === undefined) {
    return (
      <Page title="Overview" controls={controls}>
        {error !== undefined && <Failure error={error} what="The overview" />}
        {pending && <Pending what="the overview" rows={10} />}
      </Page>
    );
  }
  const apps = data.apps.filter((app) => !isRemoved(app));
  const known = new Set(live.value.map(({ id }) => id));
  const findings = [...live.value, ...data.findings.filter(({ id }) => !known.has(id))].slice(
    0,
    findingsShown,
  );
  const cards = apps.length > 0 && (
    <ul class="cards">
      {apps.map((app) => (
        <AppCard key={app.app_id} app={app} window={window} />
      ))}
    </ul>
  );
  return (
    <Page title="Overview" {...(apps.length > 0 && { controls })}>
      {error !== undefined && <Failure error={error} what="The overview" />}
      {data.active_incidents > 0 && (
        <IncidentBanner incidents={data.incidents} active={data.active_incidents} changed={reload} />
      )}
      {apps.some(isDemo) && <DemoBar left removed={reload} />}
      {apps.length === 0 && <FirstEvent changed={reload} after={data.as_of_seq} />}
      {/* A card fills a third of a phone: what is stuck goes before them. */}
      {!phone.value && cards}
      {data.partial && <p class="lead">There are more than 200 apps: the first 200 by name are looked at.</p>}
      {apps.length > 0 && (
        <div class="columns">
          <section aria-labelledby="stuck-title">
            <h2 id="stuck-title">
              Stuck now, by stage{" "}
              <span class="muted">
                {countText(data.overdue)}, {countText(data.new_overdue)} new in 15 min
              </span>
            </h2>
            {data.groups.length > 0 ? (
              <GroupTable groups={data.groups.slice(0, groupsShown)} />
            ) : (
              <p class="calm">Nothing is stuck.</p>
            )}
            {data.groups.length > groupsShown && (
              <p class="more">
                <a href="/stuck">All {data.groups.length} stages</a>
              </p>
            )}
          </section>
          {phone.value && cards}
          <section aria-labelledby="found-title">
            <h2 id="found-title">
              What Mars found <span class="muted">live</span>
            </h2>
            {findings.length > 0 ? <Feed findings={findings} /> : <p class="calm">Nothing yet.</p>}
            {findings.length === findingsShown && (
              <p class="more">
                <a href="/findings">All findings</a>
              </p>
            )}
          </section>
        </div>
      )}
    </Page>
  );
}

function Feed({ findings }: { findings: readonly Finding[] }) {
  return (
    <ol class="feed">
      {findings.map((finding) => (
        <li key={finding.id} data-row>
          <Moment at={finding.retracted_at ?? finding.raised_at} />
          <a href={messageAddress(finding)}>
            {finding.state === "retracted" ? (
              <span class="badge good">came</span>
            ) : (
              <WordBadge word={finding.kind} />
            )}{" "}
            <strong>{finding.stage}</strong> <span class="muted">{finding.app_id}</span>
            <span class="id also">{finding.message_id}</span>
          </a>
        </li>
      ))}
    </ol>
  );
}
