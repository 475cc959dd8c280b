/** A request by HTTP/1.1 whose end comes later. */
import { connect, type Socket } from "node:net";
import type { TestMars } from "../support/mars.ts";

export class HalfRequest implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #answer: Promise<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#answer = new Promise((resolve, reject) => {
      socket.once("data", (bytes) => resolve(bytes.toString("latin1")));
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("no answer came")));
    });
    // One that is never asked for.
    this.#answer.catch(() => undefined);
  }

  /** Resolves when the first part is with the system. */
  static async begin({ httpPort }: Pick<TestMars, "httpPort">, text: string): Promise<HalfRequest> {
    const socket = connect(httpPort, "127.0.0.1");
    const half = new HalfRequest(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.write(text, () => resolve());
    });
    return half;
  }

  /** Sends the rest. @returns the status of the answer */
  async finish(rest: string): Promise<number> {
    this.#socket.write(rest);
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(await this.#answer)?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }
}
