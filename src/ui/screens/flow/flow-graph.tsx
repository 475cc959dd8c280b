/** The stages as boxes and the ways between them: how many, how long, and red where messages are lost. */
import { Fragment } from "preact";
import { compactText, shareText, shortDuration } from "../../data/text.ts";
import type { Flow, FlowEdge, FlowStage } from "./graph.ts";

const [boxWidth, boxHeight, gapX, gapY] = [184, 136, 76, 20];

/** @param addressOf of the messages behind a number */
export function FlowGraph({ flow, addressOf }: { flow: Flow; addressOf(path: string): string }) {
  const width = flow.layers * (boxWidth + gapX) - gapX;
  const height = flow.rows * (boxHeight + gapY) - gapY;
  const most = Math.max(1, ...flow.stages.map(({ reached }) => reached.count));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section class="flow" tabIndex={0} aria-label="Stages, from left to right">
      <div class="canvas" style={{ width: `${width}px`, height: `${height}px` }}>
        <svg width={width} height={height} aria-hidden="true">
          {flow.edges.map((edge) => (
            <Edge key={`${edge.from.stage} ${edge.to.stage}`} edge={edge} most={most} />
          ))}
        </svg>
        {flow.stages.map((stage) => (
          <Box key={stage.stage} stage={stage} addressOf={addressOf} />
        ))}
      </div>
    </section>
  );
}

function placeOf({ layer, row }: FlowStage): { x: number; y: number } {
  return { x: layer * (boxWidth + gapX), y: row * (boxHeight + gapY) };
}

function Edge({ edge: { from, to }, most }: { edge: FlowEdge; most: number }) {
  const [a, b] = [placeOf(from), placeOf(to)];
  const [x1, y1, x2, y2] = [a.x + boxWidth, a.y + boxHeight / 2, b.x, b.y + boxHeight / 2];
  const bend = Math.max(24, (x2 - x1) / 2);
  return (
    <Fragment>
      <path
        d={`M ${x1} ${y1} C ${x1 + bend} ${y1}, ${x2 - bend} ${y2}, ${x2} ${y2}`}
        class={to.overdue.count > 0 ? "edge lost" : "edge"}
        style={{ strokeWidth: `${1.5 + 7 * (to.reached.count / most)}px` }}
      />
      {to.p50Ms !== null && (
        <text x={x2 - 6} y={y2 - 8} text-anchor="end">
          {shortDuration(to.p50Ms)}
        </text>
      )}
    </Fragment>
  );
}

function Box({ stage, addressOf }: { stage: FlowStage; addressOf(path: string): string }) {
  const { x, y } = placeOf(stage);
  const { reached, waiting, overdue, never } = stage;
  const all = reached.count + waiting.count + overdue.count + never.count;
  return (
    <div
      class={overdue.count > 0 ? "box lost" : "box"}
      style={{
        insetInlineStart: `${x}px`,
        top: `${y}px`,
        width: `${boxWidth}px`,
        minHeight: `${boxHeight}px`,
      }}
      data-row
    >
      <a href={addressOf(reached.messages)}>
        <code>{stage.stage.replaceAll("|", " | ")}</code>
      </a>
      <p>
        <a href={addressOf(reached.messages)}>
          <strong>{compactText(reached.count)}</strong>
        </a>{" "}
        <span class="muted">{all > 0 && shareText(reached.count / all)}</span>
      </p>
      <p class="rest">
        {overdue.count > 0 && (
          <a class="bad" href={addressOf(overdue.messages)}>
            {compactText(overdue.count)} overdue
          </a>
        )}
        {waiting.count > 0 && (
          <a class="muted" href={addressOf(waiting.messages)}>
            {compactText(waiting.count)} waiting
          </a>
        )}
        {never.count > 0 && (
          <a class="muted" href={addressOf(never.messages)}>
            {compactText(never.count)} never
          </a>
        )}
      </p>
    </div>
  );
}
