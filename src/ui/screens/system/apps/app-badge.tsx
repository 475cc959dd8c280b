/** The badge of an app, and the Markdown by which a README shows it. */
import { to } from "../../../data/route.ts";
import { Copy } from "../../../parts/copy.tsx";

export function AppBadge({ app }: { app: string }) {
  const { origin } = location;
  const path = `/badge/${encodeURIComponent(app)}.svg`;
  const markdown = `[![Mars](${origin}${path})](${origin}${to("/stuck", { app_id: app })})`;
  return (
    <section aria-labelledby="badge-title">
      <h2 id="badge-title">Badge</h2>
      <p class="muted">Anyone who reaches Mars sees it without a key, by MARS_BADGES.</p>
      <p class="filters">
        <img src={path} alt={`How many messages of ${app} are stuck`} height={20} />
        <Copy text={markdown} label="Copy Markdown" />
      </p>
    </section>
  );
}
