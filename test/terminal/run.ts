/**
 * `npm run test:cli`: the command line as people meet it, with programs of others: a real terminal (tmux), and completion in bash, zsh
 * and fish. They must be installed: `apt-get install tmux zsh fish`.
 *
 *     bun test/terminal/run.ts [--binary dist/mars]
 */
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { binary: { type: "string" } } });
const missing = ["tmux", "bash", "zsh", "fish"].filter((program) => Bun.which(program) === null);
if (missing.length > 0) {
  process.stderr.write(`not installed: ${missing.join(", ")}\n`);
  process.exit(1);
}
const files = ["completion", "screen", "play"].map((name) => `./${name}.terminal.ts`);
const child = Bun.spawn([process.execPath, "test", "--timeout", "60000", ...files], {
  cwd: import.meta.dir,
  env: {
    ...process.env,
    ...(values.binary !== undefined && { MARS_TEST_BINARY: await real(values.binary) }),
  },
  stdout: "inherit",
  stderr: "inherit",
});
process.exit(await child.exited);

async function real(path: string): Promise<string> {
  if (!(await Bun.file(path).exists())) throw new Error(`${path} is not there: npm run build`);
  return `${process.cwd()}/${path}`;
}
