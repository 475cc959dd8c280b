/**
 * The rows of the tail. At a rush only those in view are drawn, and each place keeps its elements and changes its text: making
 * and removing rows costs most of a core at hundreds of events a second.
 */
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { TimelineEvent } from "../../data/message-events.ts";
import { messageAddress } from "../../data/route.ts";
import { Precise } from "../../parts/time.tsx";

export interface TailEvent extends TimelineEvent {
  readonly app_id: string;
  readonly message_id: string;
}

interface LinesProps {
  /** The newest first. */
  readonly rows: ReadonlySignal<readonly TailEvent[]>;
  /** Events come faster than they can be read. */
  readonly rushing: ReadonlySignal<boolean>;
  /** Set when the user turns to a row: it may not change under the hand. */
  readonly paused: Signal<boolean>;
}

/** The height of a row, as the style has it; narrow screens have higher ones, and draw some in vain. */
const rowPx = 30;
const attributesShown = 120;

export function Lines({ rows, rushing, paused }: LinesProps) {
  const element = useRef<HTMLDivElement>(null);
  /** Places that keep their elements. They stay until nothing in them has the focus, so that it is not lost. */
  const places = useRef(0);
  const rush = rushing.value && !paused.value;
  if (rush) places.current = Math.ceil(innerHeight / rowPx);
  else if (!element.current?.contains(document.activeElement)) places.current = 0;
  // The pointer too: not every browser moves the focus to a link that is clicked.
  useEffect(() => {
    const list = element.current!;
    const pause = () => {
      paused.value = true;
    };
    list.addEventListener("focusin", pause);
    list.addEventListener("pointerdown", pause);
    return () => {
      list.removeEventListener("focusin", pause);
      list.removeEventListener("pointerdown", pause);
    };
  }, []);
  const drawn = rush ? rows.value.slice(0, places.current) : rows.value;
  return (
    <div
      ref={element}
      class={rush ? "tail rush" : "tail"}
      role="log"
      aria-label="Events, the newest first"
      aria-live="off"
    >
      {drawn.map((event, place) => (place < places.current ? draw(event, `place ${place}`) : lineOf(event)))}
    </div>
  );
}

const lines = new WeakMap<TailEvent, VNode>();

/** The same for an event each time, so that a change costs what is new and not all that is shown. */
function lineOf(event: TailEvent): VNode {
  const known = lines.get(event);
  if (known !== undefined) return known;
  const line = draw(event, event.seq);
  lines.set(event, line);
  return line;
}

function draw(event: TailEvent, key: string | number): VNode {
  return (
    <a key={key} data-row class="line" href={messageAddress(event)}>
      <Precise at={event.created_at} />
      <span class="app" dir="auto">
        {event.app_id}
      </span>
      <strong dir="auto">{event.event}</strong>
      <span class="id" dir="auto">
        {event.message_id}
      </span>
      <span class="muted attributes">
        {event.attributes === null ? "" : JSON.stringify(event.attributes).slice(0, attributesShown)}
      </span>
    </a>
  );
}
