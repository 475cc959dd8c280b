/** What each operation takes and answers over REST, by its name: the types of the page's calls. */
import type * as z from "zod";
import type { operations } from "./operations.ts";

type Table = (typeof operations)[number];

export type OperationName = Table["name"];

type Named<Name extends OperationName> = Extract<Table, { readonly name: Name }>;
type Typed<Name extends OperationName> = NonNullable<Named<Name>["typed"]>;

export type InputOf<Name extends OperationName> = z.input<Named<Name>["input"]>;

/** The answer as JSON; `restAnswer` of its definition taken into account. */
export type AnswerOf<Name extends OperationName> =
  Typed<Name>["restAnswer"] extends keyof Typed<Name>["output"]
    ? Typed<Name>["output"][Typed<Name>["restAnswer"]]
    : Typed<Name>["output"];
