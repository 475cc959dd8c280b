/** Shares the thread that answers clients: a large batch takes more than ten milliseconds of it. */

/** Events that are worked on in one go. */
const turnEvents = 1_000;

/** @returns a promise when so many events have been worked on that others are to have their turn first */
export type Pace = (events: number) => Promise<void> | undefined;

/** @param nextTurn resolves when everything else that waits has had its turn */
export function createPace(nextTurn: () => Promise<void> = eventLoopTurn): Pace {
  let events = 0;
  return (more) => {
    events += more;
    if (events < turnEvents) return undefined;
    events = 0;
    return nextTurn();
  };
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
