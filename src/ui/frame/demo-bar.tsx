/** A line about the demo that the page plays, or has played, with the ways to end it. */
import { useAct } from "../data/act.ts";
import { demo, playDemo, removeDemo, stopDemo } from "../data/demo.ts";
import { clockText, countText } from "../data/text.ts";
import { say } from "./toasts.tsx";

/** @param left in a screen that has found messages of a demo, rather than in the frame */
export function DemoBar({ left = false, removed }: { left?: boolean; removed?: () => void }) {
  const { step } = demo.value;
  const { working, run } = useAct();
  // One line at a time: the frame's while it plays, the screen's when it does not.
  if (left !== (step === "off")) return null;
  const remove = () => void run(removeDemo, "The demo is removed.").then(removed);
  const goOn = () => void run(() => playDemo(0, stopped), "The demo is live.");
  return (
    <div class="demo-bar">
      <p role="status">
        <DemoText />
      </p>
      {step === "off" && (
        <button type="button" class="button quiet" disabled={working} onClick={goOn}>
          Go on live
        </button>
      )}
      {step === "live" && (
        <button type="button" class="button quiet" onClick={stopDemo}>
          Stop
        </button>
      )}
      {(step === "off" || step === "live") && (
        <button type="button" class="button quiet" disabled={working} onClick={remove}>
          Remove the demo
        </button>
      )}
    </div>
  );
}

/** Says why the demo does not go on. */
export function stopped({ message }: { readonly message: string }): void {
  say(`The demo has stopped: ${message}`);
}

function DemoText() {
  const { step, events, outage } = demo.value;
  switch (step) {
    case "past":
      return <>The demo sends its past day: {countText(events)} events.</>;
    case "removing":
      return <>The demo is being removed.</>;
    case "off":
      return <>The apps whose names begin with demo- are a demo.</>;
    case "live":
      if (outage === undefined) return <>The demo is live while this page is open.</>;
      return (
        <>
          The demo is live. {outage.of}, a carrier of text messages, is gone until{" "}
          {clockText(new Date(outage.untilMs).toISOString())}: see what gets stuck.
        </>
      );
  }
}
