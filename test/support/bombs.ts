/** Bodies that are small, or at least allowed, and cost as much as possible to a parser without bounds. */
import { create, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { CollectEventsRequestSchema } from "../../src/gen/mars/v1/ingest_service_pb.ts";

const mebi = 1024 * 1024;

/** JSON texts of some `bytes` each; one and the same for every door. */
export function jsonBombs(bytes: number): Readonly<Record<string, Buffer>> {
  const list = (element: string) => `[${element}${`,${element}`.repeat(bytes / (element.length + 1) - 2)}]`;
  const keys = Array.from({ length: bytes / 12 }, (_, n) => `"${n.toString(36).padStart(6, "k")}":1`);
  const texts = {
    brackets: "[".repeat(bytes),
    nested: "[".repeat(bytes / 2) + "]".repeat(bytes / 2),
    objects: '{"":'.repeat(bytes / 4 - 1),
    lists: list("[]"),
    numbers: list("1"),
    digits: "9".repeat(bytes),
    fraction: `0.${"1".repeat(bytes - 2)}`,
    exponent: `1e${"9".repeat(bytes - 2)}`,
    string: JSON.stringify("x".repeat(bytes - 2)),
    escapes: `"${"\\n".repeat(bytes / 2 - 1)}"`,
    keys: `{${keys.join(",")}}`,
    blanks: "\n".repeat(bytes),
    letters: "x\n".repeat(bytes / 2),
    "deep events": `{"events":${list(`${"[".repeat(1_000)}${"]".repeat(1_000)}`)}}`,
    "wide events": `{"events":${list(`{"attributes":${list("0").slice(0, 7_000)}0]}`)}}`,
    "empty events": `{"events":${list("{}")}}`,
    "event of lists": `{"app_id":"bomb","message_id":"m","event":"e","attributes":{"a":${list("[]").slice(0, -20)}]}}`,
  };
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).subarray(0, bytes)]),
  );
}

/** `CollectEventsRequest` messages of some `bytes` each. */
export function protoBombs(bytes: number): Readonly<Record<string, Buffer>> {
  const zeros = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 0]));
  const events = (count: number, attributes: JsonObject) =>
    Buffer.from(
      toBinary(
        CollectEventsRequestSchema,
        create(CollectEventsRequestSchema, {
          events: Array.from({ length: count }, () => ({
            appId: "bomb",
            messageId: "",
            event: "e",
            attributes,
          })),
        }),
      ),
    );
  const wide = events(1, zeros(2_500));
  return {
    "wide events": Buffer.concat(new Array(Math.floor(bytes / wide.byteLength)).fill(wide)),
    "one wide event": events(1, zeros(bytes / 20)),
    "empty events": Buffer.alloc(bytes, Buffer.from([0x0a, 0])),
    "unknown fields": Buffer.alloc(bytes, Buffer.from([0x78, 1])),
    "nested events": nestedStruct(Math.min(bytes, mebi)),
    zeros: Buffer.alloc(bytes),
  };
}

/** An event whose attributes are lists within lists. */
function nestedStruct(bytes: number): Buffer {
  let message: Buffer = Buffer.from([0x20, 1]);
  for (let levels = 0; levels < 2_000 && message.byteLength < bytes; levels++) {
    // A ListValue with one Value, as the list_value of a Value.
    message = field(6, field(1, message));
  }
  return field(1, field(7, field(1, Buffer.concat([field(1, Buffer.from("a")), field(2, message)]))));
}

function field(number: number, value: Buffer): Buffer {
  const length: number[] = [];
  for (let left = value.byteLength; ; left = Math.floor(left / 128)) {
    length.push(left >= 128 ? (left % 128) + 128 : left);
    if (left < 128) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), value]);
}
