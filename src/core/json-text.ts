/** JSON that has been made already: a thread hands it on as one text, which is not made into values and back. */
export class JsonText {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}
