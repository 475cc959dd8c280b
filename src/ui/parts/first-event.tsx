/** Where there is nothing yet: how to send the first event, or to play a demo. The screen around it reads again, and shows what comes. */
import { useEffect } from "preact/hooks";
import { isSignedIn } from "../data/account.ts";
import { useAct } from "../data/act.ts";
import { call } from "../data/call.ts";
import { demo, playDemo } from "../data/demo.ts";
import { watch } from "../data/live.ts";
import { stopped } from "../frame/demo-bar.tsx";
import { Copy } from "./copy.tsx";
import { Empty } from "./notice.tsx";

interface FirstEventProps {
  /** There may be something now. */
  changed?(): void;
  /** The seq up to which there is nothing; absent: up to now. */
  readonly after?: number;
}

export function FirstEvent({ changed, after }: FirstEventProps) {
  const { working, run } = useAct();
  const signedIn = isSignedIn();
  const key = signedIn ? ` -H "Authorization: Bearer $MARS_KEY"` : "";
  const command = `curl ${location.origin}/api/event -H 'Content-Type: application/json'${key} \\
  -d '{"app_id":"shop","message_id":"order-1","event":"CREATED"}'`;
  const play = () => void run(() => playDemo(1, stopped), "The demo's past day is there.").then(changed);
  useEffect(() => {
    let waiting = false;
    // Screens read what is followed, which comes a moment after what is stored. One wait at a time: a demo sends thousands.
    const followed = async (seq: number) => {
      if (waiting || changed === undefined) return;
      waiting = true;
      // Where this fails, the screen's own read says why.
      await call("listApps", { min_seq: seq, limit: 1 }).catch(() => undefined);
      waiting = false;
      changed();
    };
    return watch("all", after, {
      frame: ({ seq }) => void followed(seq),
      // Whose key is not for all apps sees the event when the screen reads again.
      refused: () => {},
    });
  }, []);
  return (
    <div class="first">
      <Empty title="No events yet">
        <p role="status">Send one. It appears here as soon as it arrives.</p>
        <pre>{command}</pre>
        <p>
          <Copy label="Copy" text={command} />
        </p>
        {signedIn && (
          <p class="muted">
            MARS_KEY is a key that may send events: <code>mars keys create</code> makes one.
          </p>
        )}
      </Empty>
      <Empty title="Or look around first">
        <p>
          The demo is a shop with its payments, parcels and text messages: a past day with some trouble, and
          then live. After a minute a carrier is gone, and messages get stuck.
        </p>
        <p>
          <button
            type="button"
            class="button primary"
            disabled={working || demo.value.step !== "off"}
            onClick={play}
          >
            Play the demo
          </button>
        </p>
        <p class="muted">It makes apps whose names begin with demo-. One click removes them.</p>
      </Empty>
    </div>
  );
}
