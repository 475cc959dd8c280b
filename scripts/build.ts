/**
 * Builds the single binary: program, database driver, workers, migrations and web page in one file.
 *
 *     bun scripts/build.ts [--target bun-linux-x64] [--outfile dist/mars]
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type BunPlugin, Glob } from "bun";
import { installAddon } from "./release/addon.ts";
import { targets } from "./release/target.ts";

const root = join(import.meta.dir, "..");

/** `libsql/index.js` chooses its addon by a name that it computes, which no bundler can follow. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: this is the file's text.
const computedRequire = "require(`@libsql/${target}`)";

async function build(): Promise<number> {
  const { values } = parseArgs({
    options: { target: { type: "string" }, outfile: { type: "string", default: "dist/mars" } },
  });
  const name = values.target ?? hostTarget();
  const target = targets.find(({ bun }) => bun === name);
  if (target === undefined)
    return fail(`unknown target ${name}: choose from ${targets.map(({ bun }) => bun).join(", ")}`);
  installAddon(target.addon);
  const outfile = resolve(values.outfile);
  mkdirSync(dirname(outfile), { recursive: true });
  const workers = [...new Glob("src/**/*-worker.ts").scanSync(root)].sort();
  const result = await Bun.build({
    entrypoints: ["src/main.ts", ...workers].map((file) => join(root, file)),
    // Workers are found by their path below it: see `app.ts`.
    root: join(root, "src"),
    plugins: [embedAddon(`@libsql/${target.addon}`), embedWasm],
    // Stack traces name the sources.
    sourcemap: "inline",
    minify: { syntax: true, whitespace: true },
    // Parsed beforehand: the program is up in half of the time.
    bytecode: true,
    // What is loaded later has byte code of its own, which a start does not read.
    splitting: true,
    format: "esm",
    compile: {
      target: target.bun,
      outfile,
      // The binary reads no settings from files in its working directory.
      autoloadDotenv: false,
      autoloadBunfig: false,
    },
  });
  if (!result.success) return fail(result.logs.join("\n"));
  // The maps are inside; Bun leaves copies beside the binary.
  for (const map of new Glob("*.map").scanSync(dirname(outfile))) rmSync(join(dirname(outfile), map));
  const megabytes = (Bun.file(outfile).size / 1e6).toFixed(0);
  process.stdout.write(`${relative(process.cwd(), outfile)}: ${target.bun}, ${megabytes} MB\n`);
  return 0;
}

function embedAddon(addon: string): BunPlugin {
  return {
    name: "embed the database driver's addon",
    setup(build) {
      build.onLoad({ filter: /node_modules\/libsql\/index\.js$/ }, ({ path }) => {
        const source = readFileSync(path, "utf8");
        if (!source.includes(computedRequire)) {
          throw new Error(`${path} no longer has ${computedRequire}: adapt scripts/build.ts`);
        }
        return { loader: "js", contents: source.replace(computedRequire, `require("${addon}/index.node")`) };
      });
    },
  };
}

/** Kafka's compressions: by default the package reads its WebAssembly from a file beside it; it has a variant with the bytes inside. */
const embedWasm: BunPlugin = {
  name: "embed the compressions of Kafka",
  setup(build) {
    build.onResolve({ filter: /^@platformatic\/wasm-utils$/ }, () => ({
      path: Bun.resolveSync("@platformatic/wasm-utils/bundled", Bun.resolveSync("@platformatic/kafka", root)),
    }));
  },
};

function hostTarget(): string {
  const musl = process.platform === "linux" && existsSync("/etc/alpine-release") ? "-musl" : "";
  return `bun-${process.platform}-${process.arch}${musl}`;
}

function fail(message: string): number {
  process.stderr.write(`build: ${message}\n`);
  return 1;
}

process.exitCode = await build();
