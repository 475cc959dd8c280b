/** `mars mcp`: answers an agent that has started it, with what a Mars answers over REST. */
import { Readable, Writable } from "node:stream";
import type { Operation } from "../api/operation.ts";
import type { Ask } from "../mcp/tool.ts";
import { call } from "./call.ts";
import { exitCode } from "./exit-code.ts";
import { frontFlags } from "./front-flags.ts";
import type { Host } from "./host.ts";
import type { OwnCommand } from "./own-command.ts";
import { requestOf } from "./request.ts";
import type { Session } from "./session.ts";

export const mcp: OwnCommand = {
  command: "mcp",
  usage: "",
  summary: "Answers an agent over stdin and stdout, by the Model Context Protocol.",
  grammar: { flags: [], general: frontFlags.filter(({ names: [name] }) => name !== "--json") },
  details: `An agent starts it, and ends it by closing the pipe. It reads what its key may read, and changes nothing.

  claude mcp add mars -e MARS_URL=https://mars.example.com -e MARS_KEY_FILE=/home/me/.mars-key -- mars mcp
`,
  async run(_, session) {
    // Not with every command: the SDK is large.
    const [{ serveMcp }, { linksAt }] = await Promise.all([
      import("../mcp/stdio.ts"),
      import("../mcp/links.ts"),
    ]);
    const { client, host } = session;
    await serveMcp(pipesOf(host), {
      version: host.version,
      // People reach the dashboard where this command reaches Mars.
      links: linksAt(client.url),
      askFor: (signal) => askOver(session, signal),
      reasonOf: (thrown) => (thrown instanceof Error ? thrown.message : String(thrown)),
    });
    return exitCode.done;
  },
};

function pipesOf(host: Pick<Host, "stdin" | "print">) {
  return {
    input: Readable.from(host.stdin()),
    output: new Writable({
      write(chunk, _encoding, done) {
        done(host.print(String(chunk)) ? null : new Error("the agent has gone"));
      },
    }),
  };
}

function askOver({ client, agent }: Pick<Session, "client" | "agent">, signal: AbortSignal): Ask {
  const ask = async (operation: Operation, input: Readonly<Record<string, unknown>>) => {
    const answer = await call(client, requestOf(operation, input, undefined), agent, signal);
    if (!answer.ok) throw new Error(answer.sentences.join("\n"));
    return answer.value;
  };
  return ask as Ask;
}
