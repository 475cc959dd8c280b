/** One source: how it does, its definition with a try beside it, and its last deliveries. */
import { useSignal } from "@preact/signals";
import { may } from "../../data/account.ts";
import { useAct } from "../../data/act.ts";
import { call } from "../../data/call.ts";
import { useRead } from "../../data/resource.ts";
import { go } from "../../data/route.ts";
import { countText } from "../../data/text.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Failure, Pending } from "../../parts/notice.tsx";
import { Ago, Moment } from "../../parts/time.tsx";
import { Address } from "./address.tsx";
import { definitionOf, type Source, textOf } from "./definition.ts";
import { Deliveries } from "./deliveries.tsx";
import { SourceForm } from "./source-form.tsx";
import { emptyPaste, Trial } from "./trial.tsx";

/** No topic has it. */
const refreshMs = 2_000;

export function OneSource({ id }: { id: string }) {
  const { data, error, reload } = useRead("getSource", { id }, { everyMs: refreshMs });
  if (data === undefined)
    return error === undefined ? (
      <Pending what="the source" />
    ) : (
      <Failure error={error} what={`The source ${id}`} />
    );
  return (
    <>
      {error !== undefined && <Failure error={error} what="The source" />}
      <Known source={data} changed={reload} />
    </>
  );
}

function Known({ source, changed }: { source: Source; changed(): void }) {
  const { id, stats } = source;
  const text = useSignal(textOf(definitionOf(source)));
  const paste = useSignal(emptyPaste);
  const deleting = useSignal(false);
  const { working, run } = useAct();
  const admin = may("admin");
  const deliveries = Object.values(stats.deliveries).reduce((sum, count) => sum + count, 0);
  return (
    <>
      <Facts source={source} />
      <Address source={source} />
      {admin && (
        <Deliveries
          id={id}
          count={deliveries}
          changed={changed}
          take={(pasted) => {
            paste.value = pasted;
            document.querySelector("#try-title")?.scrollIntoView();
          }}
        />
      )}
      <section aria-labelledby="definition-title">
        <h2 id="definition-title">Definition</h2>
        {admin ? <SourceForm id={id} source={source} text={text} saved={changed} /> : <pre>{text.value}</pre>}
      </section>
      <Trial id={id} paste={paste} {...(admin && { text })} />
      {admin && (
        <p>
          <button
            type="button"
            class="button quiet danger"
            disabled={working}
            onClick={() => {
              deleting.value = true;
            }}
          >
            Delete the source …
          </button>
        </p>
      )}
      {deleting.value && (
        <Confirm
          title={`Delete ${id}?`}
          action="Delete"
          confirmed={() =>
            void run(async () => {
              await call("deleteSource", { id });
              go("/sources");
            }, `The source ${id} is deleted.`)
          }
          close={() => {
            deleting.value = false;
          }}
        >
          <p>Its kept deliveries go with it, and its sender gets 404. Events that came by it stay.</p>
        </Confirm>
      )}
    </>
  );
}

function Facts({ source: { app_id, app_from, stats, verify } }: { source: Source }) {
  const outcomes = Object.entries(stats.deliveries).filter(([, count]) => count > 0);
  return (
    <dl class="facts">
      <div>
        <dt>App</dt>
        <dd>{app_id ?? <code>{app_from}</code>}</dd>
      </div>
      <div>
        <dt>Deliveries since the start</dt>
        <dd>
          {outcomes.length === 0
            ? "none"
            : outcomes.map(([outcome, count]) => `${countText(count)} ${outcome}`).join(", ")}
        </dd>
      </div>
      <div>
        <dt>Events</dt>
        <dd>{countText(stats.events)}</dd>
      </div>
      {stats.last_at !== null && (
        <div>
          <dt>Last delivery</dt>
          <dd>
            <Ago at={stats.last_at} />
          </dd>
        </div>
      )}
      {stats.last_error_at !== null && (
        <div>
          <dt>Last error</dt>
          <dd>
            <Moment at={stats.last_error_at} /> {stats.last_error}
          </dd>
        </div>
      )}
      {verify.former_secret_until !== undefined && (
        <div>
          <dt>The former secret holds until</dt>
          <dd>
            <Moment at={verify.former_secret_until} />
          </dd>
        </div>
      )}
    </dl>
  );
}
