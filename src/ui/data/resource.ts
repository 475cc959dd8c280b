/**
 * Reads that a screen shows: each keeps what it last had while it reads again, says when it fails, and reads again by itself, while
 * the page is visible.
 */
import { signal, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { AnswerOf, OperationName } from "../../api/operation-types.ts";
import { ApiError, call, type Given, sessionOver } from "./call.ts";
import { readKey, takeFirst } from "./first-read.ts";

export interface Resource<Answer> {
  /** The last answer; absent before the first. */
  readonly data?: Answer;
  /** Why the last read failed; absent where it did not. */
  readonly error?: ApiError;
  /** It has never been answered. */
  readonly pending: boolean;
}

export interface Handle<Answer> extends Resource<Answer> {
  /** Reads again now. */
  reload(): void;
  /** Puts an answer in place, as after a change or a live event. */
  set(change: (data: Answer) => Answer): void;
}

export interface ReadOptions {
  /** Reads again after so long; never where absent. */
  readonly everyMs?: number;
  /** Nothing is read while it is false. */
  readonly when?: boolean;
}

const retryFirstMs = 1_000;
const retryLastMs = 15_000;

/** Whether a read has been answered since the page was loaded. */
export const answered = signal(false);

/** Whether reads fail now because Mars does not answer: for the line at the top. */
export const unreachable = signal(false);

/** Reads by an operation; again whenever what it takes changes. */
export function useRead<Name extends OperationName>(
  name: Name,
  given: Given<Name>,
  options: ReadOptions = {},
): Handle<AnswerOf<Name>> {
  return useLoaded(readKey(name, given), (aborted) => call(name, given, aborted), options);
}

/** Reads by any function; again whenever the key changes. */
export function useLoaded<Answer>(
  key: string,
  load: (aborted: AbortSignal) => Promise<Answer>,
  { everyMs, when = true }: ReadOptions = {},
): Handle<Answer> {
  const first = useMemo(() => takeFirst<Answer>(key), []);
  const state = useSignal<Resource<Answer>>(
    first?.answer === undefined ? { pending: true } : { data: first.answer, pending: false },
  );
  const may = when && !sessionOver.value;
  const loader = useRef(load);
  loader.current = load;
  const turn = useMemo(() => ({ again: () => {}, key: "", first: first?.whole }), []);
  if (turn.key !== key) {
    // What was read for something else is not shown under the new name.
    if (turn.key !== "") {
      state.value = { pending: true };
      turn.first = undefined;
    }
    turn.key = key;
  }

  useEffect(() => {
    if (!may) return;
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let retryMs = retryFirstMs;
    let reading = false;
    /** Asked to read again while it reads: what it reads may be from before. */
    let behind = false;

    const next = (ms: number | undefined) => {
      clearTimeout(timer);
      if (ms !== undefined && !ended.signal.aborted) timer = setTimeout(run, ms);
    };
    const run = async () => {
      if (ended.signal.aborted) return;
      if (reading) {
        behind = true;
        return;
      }
      if (document.visibilityState === "hidden" && state.peek().data !== undefined) return next(everyMs);
      reading = true;
      try {
        const begun = turn.first;
        turn.first = undefined;
        const data = await (begun ?? loader.current(ended.signal));
        if (ended.signal.aborted) return;
        if (state.peek().data !== data || state.peek().error !== undefined)
          state.value = { data, pending: false };
        unreachable.value = false;
        answered.value = true;
        retryMs = retryFirstMs;
        next(everyMs);
      } catch (thrown) {
        // A session that is over is said by itself, and this is read again after the next sign-in.
        if (ended.signal.aborted || sessionOver.peek()) return;
        const error = thrown instanceof ApiError ? thrown : new ApiError(0, String(thrown));
        state.value = { ...state.peek(), error, pending: false };
        if (error.status === 0) unreachable.value = true;
        // A request that is wrong stays wrong; all else may come right.
        const hopeless = error.status >= 400 && error.status < 500 && error.status !== 429;
        next(hopeless ? everyMs : retryMs);
        retryMs = Math.min(retryMs * 2, retryLastMs);
      } finally {
        reading = false;
        if (behind) {
          behind = false;
          void run();
        }
      }
    };
    const shown = () => document.visibilityState === "visible" && everyMs !== undefined && void run();
    document.addEventListener("visibilitychange", shown);
    turn.again = () => void run();
    void run();
    return () => {
      ended.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [key, may, everyMs]);

  return {
    ...state.value,
    reload: () => turn.again(),
    set(change) {
      const { data } = state.peek();
      if (data !== undefined) state.value = { ...state.peek(), data: change(data) };
    },
  };
}
