/**
 * One definition for each operation: its name, what it takes and answers, what it needs leave for, and who carries it out.
 * Every protocol serves it from here (`edge/rest/operations.ts`, `edge/rpc/operations.ts`); so do the OpenAPI document, the
 * command line (`cli/`) and the types of the page. Only the ways in for events are written by hand, beside it, over `core/validate.ts`.
 */
import * as z from "zod";
import { type Author, authorOf } from "../core/audit.ts";
import type { Caller } from "../core/caller.ts";
import { JsonText } from "../core/json-text.ts";
import type { Scope } from "../core/rights.ts";
import { type AppScope, assertApps, narrowedTo } from "./app-scope.ts";
import type { ApiParts } from "./parts.ts";
import { problemsOf, throwIfAny } from "./problems.ts";
import { isRead } from "./rest-call.ts";

/** The JSON object that is the body of a REST request. */
export interface OperationBody {
  /**
   * The field of the input that it is. Problems in it are named by their places in the body. Absent: its members are fields of the
   * input, beside those of the path.
   */
  readonly field?: string;
  readonly bytesMax: number;
}

interface OperationHead {
  /** In camel case, as in OpenAPI's `operationId`. */
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  readonly scope: Scope;
  readonly apps: AppScope;
  /**
   * Method and path over REST, such as `GET /api/apps/{app_id}/funnel`. A field of the input that is neither in the path nor in the body is
   * a parameter of the query.
   */
  readonly rest: `${"GET" | "PUT" | "POST" | "DELETE"} /${string}`;
  readonly body?: OperationBody;
  /**
   * The member of the output whose members are the answer over REST; absent: those of the output are. The answer to a change
   * begins with `"success":true`.
   */
  readonly restAnswer?: string;
  /** The unary method of the RPCs: `mars.v1.LifecycleService/ListFindings`. */
  readonly rpc: `${string}/${string}`;
  /** The words of its command: `alerts rules list` is `mars alerts rules list`. */
  readonly command: string;
  /**
   * The list in the output, of which REST answers all items as lines of JSON, from all pages, to a client that asks for
   * `application/x-ndjson`.
   */
  readonly lines?: string;
  /** It may work longer than a connection may be quiet, and ends by a deadline of its own. */
  readonly slow?: true;
}

export interface OperationDefinition<Input extends z.ZodType, Output extends z.ZodType>
  extends OperationHead {
  /** An object, by the names of JSON. */
  readonly input: Input;
  /** The answer as JSON, by the same names as RPC has; absent values are `null`. */
  readonly output: Output;
  /** @param by the caller, for the audit: goes with each change to its writer */
  handle(
    parts: ApiParts,
    input: z.output<Input>,
    caller: Caller,
    by: Author,
  ): Promise<z.input<Output> | JsonText> | z.input<Output> | JsonText;
}

/** An operation as the protocols see it. */
export interface Operation extends OperationHead {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /**
   * Checks the input and carries the operation out. The answer is JSON by the schema of the output.
   *
   * @throws `MarsError` `permission_denied` or `not_found` for what its caller has no rights for, `invalid_argument` with
   * one problem for each field at fault; and the errors of the ports that it calls
   */
  run(parts: ApiParts, input: unknown, caller: Caller): Promise<unknown>;
  /** The same, where only the text of the answer is wanted. */
  runText(parts: ApiParts, input: unknown, caller: Caller): Promise<string>;
}

/** An operation with its name and its schemas, from which the page has the types of its calls. */
export interface TypedOperation<
  Name extends string,
  Input extends z.ZodType,
  Output extends z.ZodType,
  RestAnswer extends string | undefined,
> extends Operation {
  readonly name: Name;
  readonly input: Input;
  /** Before `apps` is added to a narrowed answer. */
  readonly typed?: { readonly output: z.output<Output>; readonly restAnswer: RestAnswer };
}

export function operation<
  const Name extends string,
  Input extends z.ZodType,
  Output extends z.ZodType,
  const RestAnswer extends string | undefined = undefined,
>(
  definition: OperationDefinition<Input, Output> & {
    readonly name: Name;
    readonly restAnswer?: RestAnswer;
  },
): TypedOperation<Name, Input, Output, RestAnswer> {
  const narrowed = definition.apps === "narrowed";
  const carryOut = async (parts: ApiParts, input: unknown, caller: Caller) => {
    caller.identity.assertMay(definition.scope);
    const { success, data, error } = definition.input.safeParse(input, { reportInput: true });
    if (!success) throwIfAny(problemsOf(error, definition.input));
    const named = input as { readonly app_id?: string };
    assertApps(caller, definition, named);
    const by = authorOf(caller, definition.name);
    const answer = await definition.handle(parts, data as z.output<Input>, caller, by);
    // A read may wait for seconds, and its caller's key may be revoked meanwhile. What has been changed is answered.
    if (isRead(definition)) caller.identity.assertMay(definition.scope);
    const { allApps, apps } = caller.identity;
    if (!narrowed || allApps || named.app_id !== undefined) return answer;
    return answer instanceof JsonText ? answer.with({ apps }) : { ...(answer as object), apps };
  };
  return {
    ...definition,
    output: narrowed ? withApps(definition.output) : definition.output,
    async run(parts, input, caller) {
      const answer = await carryOut(parts, input, caller);
      return answer instanceof JsonText ? answer.value : answer;
    },
    async runText(parts, input, caller) {
      const answer = await carryOut(parts, input, caller);
      return answer instanceof JsonText ? answer.json : JSON.stringify(answer);
    },
  };
}

function withApps(output: z.ZodType): z.ZodType {
  if (!(output instanceof z.ZodObject)) throw new Error("a narrowed answer is an object");
  return output.extend(narrowedTo);
}
