/** A command that is more than one call of an operation. */
import type { Arguments, Grammar } from "./arguments.ts";
import type { Host } from "./host.ts";
import type { Session } from "./session.ts";

interface OwnHead {
  /** Its words; where an operation has the same, this command stands for it. */
  readonly command: string;
  /** The arguments behind its words, such as `[<app-id>] <message-id>`; empty where there are none. */
  readonly usage: string;
  /** A sentence, and more where it needs more. */
  readonly summary: string;
  readonly grammar: Grammar;
  /** For programs: no list has it. */
  readonly hidden?: true;
  /** The lines of its help behind its flags; ends with a line end. */
  readonly details?: string;
  /** Wrong usage that the grammar does not see, as sentences. */
  problems?(given: Arguments): readonly string[];
}

/** Calls a Mars. */
interface CallingCommand extends OwnHead {
  /** @returns the exit code */
  run(given: Arguments, session: Session): Promise<number>;
}

/** Works without a Mars, and where it is not known which one is meant. */
interface OfflineCommand extends OwnHead {
  /** @returns the exit code */
  offline(given: Arguments, host: Host): Promise<number>;
}

export type OwnCommand = CallingCommand | OfflineCommand;
