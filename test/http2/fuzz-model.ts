/** What a client knows: the windows that each end has given, and what each stream must answer. */
import { frame, settings, uint32 } from "./wire.ts";

interface StreamModel {
  readonly sent: Buffer[];
  received: number;
  /** What the client may still send, and the server. */
  ownWindow: number;
  serverWindow: number;
  isSent: boolean;
  hasAnswer: boolean;
  /** `cancelled` by either end. */
  state: "open" | "answered" | "cancelled";
}

const serverStreamWindow = 65_535;
const payloadBytesMax = 16_384;
const known = new Set([0, 1, 3, 4, 6, 7, 8, 9]);

export class ClientModel {
  readonly #isRight: boolean;
  readonly #streams = new Map<number, StreamModel>();
  #ownWindow = 65_535;
  #serverWindow = 65_535;
  #initialWindow = 65_535;
  /** Settings that the server has not confirmed: until then either size may hold. */
  #unconfirmed: { readonly more: number; readonly streams: readonly StreamModel[] }[] = [
    // Those behind the preface.
    { more: 0, streams: [] },
  ];
  #bytes: Buffer = Buffer.alloc(0);

  /** @param isRight whether the server gets what this model knows of; else only the form of its frames is checked */
  constructor(isRight: boolean) {
    this.#isRight = isRight;
  }

  /** Streams whose request is not complete. */
  sending(): number[] {
    return [...this.#streams].filter(([, one]) => !one.isSent && one.state === "open").map(([id]) => id);
  }

  /** Streams whose answer is not complete. */
  receiving(): number[] {
    return [...this.#streams].filter(([, { state }]) => state === "open").map(([id]) => id);
  }

  /** How many bytes may be sent. */
  room(id: number): number {
    return Math.min(this.#ownWindow, this.#streams.get(id)?.ownWindow ?? 0, payloadBytesMax);
  }

  opened(id: number, ends: boolean): void {
    this.#streams.set(id, {
      sent: [],
      received: 0,
      ownWindow: serverStreamWindow,
      serverWindow: this.#initialWindow,
      isSent: ends,
      hasAnswer: false,
      state: "open",
    });
  }

  sent(id: number, bytes: Buffer, { padding, ends }: { padding: number; ends: boolean }): void {
    const stream = this.#streams.get(id);
    this.#ownWindow -= bytes.length + padding;
    if (stream === undefined) return;
    stream.ownWindow -= bytes.length + padding;
    stream.sent.push(bytes);
    if (ends) stream.isSent = true;
  }

  cancelled(id: number): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined) stream.state = "cancelled";
  }

  /** Lets the server send more. */
  grant(id: number, bytes: number): Buffer {
    const stream = this.#streams.get(id);
    if (id === 0) this.#serverWindow += bytes;
    else if (stream !== undefined) stream.serverWindow += bytes;
    return frame("WINDOW_UPDATE", { stream: id, payload: uint32(bytes) });
  }

  /** Changes the window that every stream begins with. */
  resize(bytes: number): Buffer {
    const more = bytes - this.#initialWindow;
    this.#initialWindow = bytes;
    this.#unconfirmed.push({ more, streams: [...this.#streams.values()] });
    // A smaller one holds from the server's answer on, a larger one at once.
    for (const stream of this.#streams.values()) stream.serverWindow += Math.max(0, more);
    return settings([4, bytes]);
  }

  /** Reads frames of the server. */
  receive(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 9) {
      const length = this.#bytes.readUIntBE(0, 3);
      if (length > payloadBytesMax) throw new Error(`the server sent a frame of ${length} bytes`);
      if (this.#bytes.length < 9 + length) return;
      const [type = 0, flags = 0] = [this.#bytes[3], this.#bytes[4]];
      const id = this.#bytes.readUInt32BE(5);
      if (!known.has(type)) throw new Error(`the server sent a frame of the type ${type}`);
      if (this.#isRight || type > 3) this.#frame(type, flags, id, this.#bytes.subarray(9, 9 + length));
      this.#bytes = this.#bytes.subarray(9 + length);
    }
  }

  /** No window of the server's is less than nothing, unless a setting has made it so. */
  assertAllowed(): void {
    if (this.#isRight && this.#serverWindow < 0)
      throw new Error(`the connection's window is ${this.#serverWindow}`);
  }

  assertComplete(): void {
    for (const [id, { state, sent, received }] of this.#streams) {
      const bytes = sent.reduce((sum, { length }) => sum + length, 0);
      if (state === "open") throw new Error(`stream ${id} was not answered`);
      if (state === "answered" && received !== bytes) {
        throw new Error(`stream ${id} sent ${bytes} bytes and got ${received}`);
      }
    }
  }

  #frame(type: number, flags: number, id: number, payload: Buffer): void {
    const stream = this.#streams.get(id);
    if (type === 4 && flags === 1) {
      const { more = 0, streams = [] } = this.#unconfirmed.shift() ?? {};
      for (const one of streams) one.serverWindow += Math.min(0, more);
    } else if (type === 8) {
      if (id === 0) this.#ownWindow += payload.readUInt32BE(0);
      else if (stream !== undefined) stream.ownWindow += payload.readUInt32BE(0);
    } else if (type === 0) {
      this.#serverWindow -= payload.length;
      if (stream === undefined) return;
      if (stream.state === "answered") throw new Error(`DATA behind the answer of stream ${id}`);
      stream.serverWindow -= payload.length;
      if (payload.length > 0 && stream.serverWindow < 0)
        throw new Error(`the window of stream ${id} is exceeded`);
      stream.received += payload.length;
      for (const byte of payload) {
        if (byte !== (id & 255)) throw new Error(`stream ${id} got the bytes of another`);
      }
    } else if (type === 3 && stream !== undefined && stream.state === "open") {
      stream.state = "cancelled";
    }
    if ((type === 0 || type === 1) && (flags & 1) !== 0 && stream?.state === "open") {
      // One that is an end and nothing else was given before the end of its request.
      stream.state = stream.hasAnswer ? "answered" : "cancelled";
    }
    if (stream !== undefined && type === 1) stream.hasAnswer = true;
  }
}
