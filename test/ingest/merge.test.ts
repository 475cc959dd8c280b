import { expect, test } from "bun:test";
import fc from "fast-check";
import { mergeBySeq } from "../../src/ingest/merge.ts";

test("what was divided is put together in the order of the sequence", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), (places) => {
      const lists = Array.from({ length: 10 }, (): number[] => []);
      for (const [seq, place] of places.entries()) lists[place]!.push(seq);
      expect(mergeBySeq(lists, (seq) => seq)).toEqual([...places.keys()]);
    }),
  );
});
