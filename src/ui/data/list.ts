/** A list of pages: the first is read again and again while it is alone, and more come at its end. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AnswerOf, OperationName } from "../../api/operation-types.ts";
import { type ApiError, call, type Given } from "./call.ts";
import { useRead } from "./resource.ts";

type Paged<Name extends OperationName> = AnswerOf<Name> & {
  readonly next_cursor: string | null;
};

interface Pages<Answer, Row> {
  readonly rows: readonly Row[];
  readonly pending: boolean;
  readonly error?: ApiError;
  /** Absent on the last page. */
  readonly more?: () => Promise<void>;
  /** The answer with the first page. */
  readonly first?: Answer;
  reload(): void;
  /** Reads the first page again while it is alone. */
  refresh(): void;
}

export function useList<Name extends OperationName, Row>(
  name: Name,
  given: Given<Name>,
  rowsOf: (answer: AnswerOf<Name>) => readonly Row[],
  everyMs?: number,
): Pages<AnswerOf<Name>, Row> {
  const key = JSON.stringify([name, given]);
  const later = useSignal<{ key: string; rows: readonly Row[]; cursor: string | null } | undefined>(
    undefined,
  );
  useEffect(() => {
    later.value = undefined;
  }, [key, later]);
  const known = later.value?.key === key ? later.value : undefined;
  // With more pages below it, the first stays as it is: rows must not move away under the reader.
  const first = useRead(name, given, known === undefined && everyMs !== undefined ? { everyMs } : {});
  const data = first.data as Paged<Name> | undefined;
  const cursor = known === undefined ? (data?.next_cursor ?? null) : known.cursor;
  const more = async () => {
    const page = (await call(name, { ...given, cursor } as Given<Name>)) as Paged<Name>;
    later.value = { key, rows: [...(known?.rows ?? []), ...rowsOf(page)], cursor: page.next_cursor };
  };
  return {
    rows: data === undefined ? [] : [...rowsOf(data), ...(known?.rows ?? [])],
    pending: first.pending,
    ...(first.error !== undefined && { error: first.error }),
    ...(cursor !== null && { more }),
    ...(data !== undefined && { first: data }),
    refresh() {
      if (known === undefined) first.reload();
    },
    reload() {
      later.value = undefined;
      first.reload();
    },
  };
}
