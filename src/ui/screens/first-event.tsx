/** Where there is nothing yet: how to send the first event. The screen around it reads again, and shows it as it comes. */
import { isSignedIn } from "../data/account.ts";
import { Copy } from "../parts/copy.tsx";
import { Empty } from "../parts/notice.tsx";

export function FirstEvent() {
  const signedIn = isSignedIn();
  const key = signedIn ? ` -H "Authorization: Bearer $MARS_KEY"` : "";
  const command = `curl ${location.origin}/api/event -H 'Content-Type: application/json'${key} \\
  -d '{"app_id":"shop","message_id":"order-1","event":"CREATED"}'`;
  return (
    <Empty title="No events yet">
      <p role="status">Send one. It appears here as soon as it arrives.</p>
      <pre>{command}</pre>
      <p>
        <Copy label="Copy" text={command} />
      </p>
      {signedIn && <p class="muted">MARS_KEY is a key that may send events: `mars keys create` makes one.</p>}
      <p class="muted">
        Or play a shop, its payments and its parcels: <code>npm run demo</code>
      </p>
    </Empty>
  );
}
