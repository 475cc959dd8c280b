/** A WebSocket as its runtime gives it, and what the runtime reports of it. */

export interface Socket {
  /** The bytes that wait to be sent. */
  bufferedBytes(): number;
  send(frame: string): void;
  /** In as few writes as the runtime can. */
  sendAll(frames: readonly string[]): void;
  close(code: number, reason: string): void;
}

export interface SocketHandler {
  /**
   * @param text `undefined` for a frame that is not text
   * @param length in characters or bytes
   */
  message(text: string | undefined, length: number): void;
  /** Some or all of what waited has been sent. */
  drained(): void;
  /** The socket is gone; called once. */
  closed(): void;
}
