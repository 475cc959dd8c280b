/** How a command ends. */

export const exitCode = { done: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** By code; the table of the documentation is made from it. */
export const exitCodes: readonly (readonly [code: number, meaning: string])[] = [
  [exitCode.done, "Done"],
  [
    exitCode.failed,
    "Refused by Mars, or Mars was not reached; `send` and `import`: some events were refused; `bench`: an event was lost, doubled, refused or not answered; `--fail`: there is something",
  ],
  [exitCode.usage, "Wrong usage: an unknown flag, a value that cannot be, a file that cannot be read"],
  [exitCode.interrupted, "Ended by Ctrl-C while there was more to do"],
  [exitCode.terminated, "Ended by SIGTERM while there was more to do"],
];

/** @param reason of the signal of `Host.stopAsked` */
export function stoppedCode(reason: unknown): number {
  return reason === "SIGTERM" ? exitCode.terminated : exitCode.interrupted;
}
