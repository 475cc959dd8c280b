/** The documentation names what is there: its links lead somewhere, and so do the paths that it mentions. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Glob } from "bun";
import { isShown } from "./docs/answer.ts";
import { blocksOf } from "./docs/blocks.ts";
import { Session } from "./docs/session.ts";

const root = join(import.meta.dir, "..");
const pages = [
  "README.md",
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  ...new Glob("{docs,bench}/*.md").scanSync(root),
];

test.each(pages)("every link of %s leads to a file, and to a heading of it", (page) => {
  const dead = linksOf(read(page)).filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
  });
  expect(dead).toEqual([]);
});

test.each(pages)("every path of this project in %s is there", (page) => {
  const named = [...read(page).matchAll(/`((?:src|test|scripts|docs|bench|proto|migrations)\/[\w./-]*)`/g)];
  const gone = named.map(([, path = ""]) => path).filter((path) => !existsSync(join(root, path)));
  expect(gone).toEqual([]);
});

test("every test that the page on security names is there, and every row names one or a reason", () => {
  const text = read("docs/security.md");
  const named = [...text.matchAll(/`(test\/[\w./-]+)` › "([^"]+)"/g)];
  const gone = named
    .filter(([, path = "", title]) => !existsSync(join(root, path)) || !read(path).includes(`"${title}"`))
    .map(([found]) => found);
  expect(gone).toEqual([]);
  const rows = text.split("\n").filter((line) => /^\| (API\d|\d)/.test(line));
  expect(rows.length).toBeGreaterThan(60);
  expect(rows.filter((row) => !/› "|\| reason: /.test(row))).toEqual([]);
});

test("the architecture names every folder of src/", () => {
  const text = read("ARCHITECTURE.md");
  const folders = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(folders.map(({ name }) => name).filter((name) => !text.includes(`| \`${name}/\` |`))).toEqual([]);
});

test("what a document shows is found in what was printed, but for times, seqs and what it leaves out", () => {
  const printed =
    '{"success":true,"seq":12}\n{"overdue":[{"id":7,"kind":"missing","since":"2026-11-27T02:50:10.865000Z","late":null}]}\n';
  const shown = '{"overdue":[{…,"kind":"missing",\n   "since":"2026-01-01T00:00:00Z",…}],…}';
  expect(isShown(shown, printed)).toBe(true);
  expect(isShown(`{"success":true,"seq":1}\n${shown}`, printed)).toBe(true);
  expect(isShown(shown.replace("missing", "late"), printed)).toBe(false);
  expect(isShown('{"success":true,"id":12}', printed)).toBe(false);
});

test("every block of commands is run, or has a reason; a comment that is not understood is a fault", () => {
  const sh = (comment: string) => `${comment}\n\`\`\`sh\ntrue\n\`\`\`\n\n\`\`\`json\n{}\n\`\`\`\n`;
  expect(blocksOf(sh("text"))).toEqual([
    {
      line: 2,
      text: "true\n",
      section: "",
      run: { serve: false, fresh: false },
      answers: [{ line: 6, text: "{}\n" }],
    },
  ]);
  expect(blocksOf(sh("<!-- run: no (calls Slack) -->"))[0]?.run.notFor).toBe("calls Slack");
  expect(blocksOf(sh("<!-- run: fresh, serve -->"))[0]?.run).toEqual({ serve: true, fresh: true });
  expect(blocksOf(sh("<!-- run: here, exit 2 -->"))[0]?.run).toEqual({
    serve: false,
    fresh: false,
    here: true,
    exit: 2,
  });
  expect(blocksOf("<!-- file: a.yaml -->\n```yaml\na: 1\n```\n")).toEqual([
    {
      line: 2,
      text: "a: 1\n",
      section: "",
      run: { serve: false, fresh: false, file: "a.yaml" },
      answers: [],
    },
  ]);
  for (const comment of ["<!-- run: no -->", "<!-- run: sometimes -->", "<!-- skip -->"])
    expect(() => blocksOf(sh(comment))).toThrow("not understood");
});

test("a session sees how its last command ended", async () => {
  const session = new Session(tmpdir(), {});
  try {
    expect((await session.run("true; (exit 3)")).status).toBe(3);
    expect((await session.run("false; true")).status).toBe(0);
  } finally {
    await session.close();
  }
});

function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** Links within the project. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
