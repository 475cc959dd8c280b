/**
 * A long list, of which only what is near the window is in the page: rows are made in chunks, and a chunk that is far away keeps
 * nothing but its height. Rows may have any height.
 */
import { useSignal } from "@preact/signals";
import { type ComponentChildren, Fragment } from "preact";
import { useEffect, useRef } from "preact/hooks";

const chunkRows = 50;
const nearPx = 800;

interface ChunksProps<Row> {
  readonly rows: readonly Row[];
  keyOf(row: Row): string | number;
  render(row: Row, index: number): ComponentChildren;
  /** What a row is expected to take. */
  readonly rowPx: number;
}

export function Chunks<Row>({ rows, keyOf, render, rowPx }: ChunksProps<Row>) {
  const count = Math.ceil(rows.length / chunkRows);
  return (
    <>
      {Array.from({ length: count }, (_, chunk) => {
        const part = rows.slice(chunk * chunkRows, (chunk + 1) * chunkRows);
        return (
          <Chunk key={chunk} first={chunk === 0} px={part.length * rowPx}>
            {() =>
              part.map((row, index) => (
                <Fragment key={keyOf(row)}>{render(row, chunk * chunkRows + index)}</Fragment>
              ))
            }
          </Chunk>
        );
      })}
    </>
  );
}

interface ChunkProps {
  readonly first: boolean;
  readonly px: number;
  children(): ComponentChildren;
}

function Chunk({ first, px, children }: ChunkProps) {
  const near = useSignal(first);
  const element = useRef<HTMLDivElement>(null);
  const height = useRef(px);
  useEffect(() => {
    const observed = element.current!;
    const observer = new IntersectionObserver(
      ([entry]) => {
        const shown = entry?.isIntersecting ?? true;
        // What is in focus stays in the page.
        if (!shown && observed.contains(document.activeElement)) return;
        if (!shown && near.peek()) height.current = observed.offsetHeight || height.current;
        near.value = shown;
      },
      { rootMargin: `${nearPx}px 0px` },
    );
    observer.observe(observed);
    return () => observer.disconnect();
  }, [near]);
  return (
    <div ref={element} class="chunk" style={near.value ? {} : { height: `${height.current}px` }}>
      {near.value && children()}
    </div>
  );
}
