/** The badge of an app, and the Markdown by which a README shows it; or how to have one. */
import { publicOrigin } from "../../../data/account.ts";
import { to } from "../../../data/route.ts";
import { Copy } from "../../../parts/copy.tsx";

interface AppBadgeProps {
  readonly app: string;
  /** Whether MARS_BADGES names the app. */
  readonly on: boolean;
}

export function AppBadge({ app, on }: AppBadgeProps) {
  return (
    <section aria-labelledby="badge-title">
      <h2 id="badge-title">Badge</h2>
      {on ? <Shown app={app} /> : <HowTo app={app} />}
    </section>
  );
}

function Shown({ app }: { app: string }) {
  const path = `/badge/${encodeURIComponent(app)}.svg`;
  const origin = publicOrigin();
  const markdown = `[![Mars](${origin}${path})](${origin}${to("/stuck", { app_id: app })})`;
  return (
    <>
      <p class="muted">Anyone who reaches Mars sees it without a key, by MARS_BADGES.</p>
      <p class="filters">
        <img src={path} alt={`How many messages of ${app} are stuck`} height={20} />
        <Copy text={markdown} label="Copy Markdown" />
      </p>
      <pre>{markdown}</pre>
    </>
  );
}

function HowTo({ app }: { app: string }) {
  return (
    <p class="muted">
      A picture for READMEs that says how many messages are stuck: “mars: 3 stuck”. This app has none. It has
      one, for anyone who reaches Mars, when Mars is started with <code class="id">MARS_BADGES={app}</code>.{" "}
      <a href="/docs/operate.html#badges">More on badges</a>
    </p>
  );
}
