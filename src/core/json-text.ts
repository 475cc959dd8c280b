/** JSON that has been made already: a thread hands it on as one text, which is not made into values and back. */
import { parseForAnswer } from "./exact-json.ts";

export class JsonText {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }

  /** The same object with more members, which it does not have yet. It is not empty, and neither are they. */
  with(members: object): JsonText {
    return new JsonText(`${this.json.slice(0, -1)},${JSON.stringify(members).slice(1)}`);
  }

  /** Integers keep their digits: see `parseForAnswer`. */
  get value(): object {
    return parseForAnswer(this.json) as object;
  }
}
