/** Gives failures of a database the word that the rest of Mars understands. */
import { MarsError } from "../event/error.ts";
import { UnknownSchemaError } from "./migrate.ts";

/**
 * Runs a call to a database.
 *
 * @param what names the database in messages
 * @throws `MarsError("unavailable")` for whatever a driver or a server says; `MarsError` and `UnknownSchemaError` as they
 *   are
 */
export async function reach<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof MarsError || error instanceof UnknownSchemaError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new MarsError("unavailable", `${what}: ${reason}`, { cause: error });
  }
}
