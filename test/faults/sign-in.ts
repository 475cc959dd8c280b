/**
 * Sign-in in a real Chromium: by a wrong key and by a right one, at an address that stays; over a reload; a key that is revoked while the
 * page is open; sign-out; by an issuer of OpenID Connect. The page never reloads by itself, and fits a narrow screen.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientId, clientSecret, startIssuer } from "../access/issuer.ts";
import { type Browser, findBrowser, openBrowser } from "../support/browser.ts";
import { freePort } from "../support/free-port.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

const adminKey = "an-admin-key-of-more-than-32-characters";
const waitMs = 10_000;

const form = "document.querySelector('#key') !== null";
const live = `document.querySelector('[data-state="live"]') !== null`;
const account = "document.querySelector('#account').innerText";
const problem = "document.querySelector('.problem').innerText";

export async function run({ binary }: FaultCheckOptions): Promise<string> {
  const command = findBrowser();
  if (command === undefined) throw new Error("this check needs Chromium: apt-get install chromium");
  const home = await mkdtemp(join(tmpdir(), "mars-sign-in-"));
  // The issuer must know Mars' port before either has started.
  const httpPort = await freePort();
  // Another host than the issuer's, which has the same address: browsers keep cookies for a host, on every port.
  const publicUrl = `http://localhost:${httpPort}`;
  await using issuer = await startIssuer({ people: { ann: ["team"] }, mars: publicUrl });
  const mars = await spawnMars({
    dataDir: join(home, "data"),
    env: {
      MARS_ADMIN_KEY: adminKey,
      MARS_HTTP_PORT: String(httpPort),
      MARS_PUBLIC_URL: publicUrl,
      MARS_OIDC_ISSUER: issuer.url,
      MARS_OIDC_CLIENT_ID: clientId,
      MARS_OIDC_CLIENT_SECRET: clientSecret,
      MARS_OIDC_ROLES: "team=ro:*",
    },
    ...(binary !== undefined && { command: [binary] }),
  });
  const browser = await openBrowser(command, { profileDir: join(home, "browser") });
  try {
    await post(mars, "/api/event", { app_id: "shop", message_id: "m-1", event: "created" });
    const [byKey, revoked, out] = [
      await signInByKey(browser, mars, publicUrl),
      await revokeWhileOpen(browser, mars),
      await signOut(browser, mars),
    ];
    const byIssuer = await signInByIssuer(browser, publicUrl);
    const complaints = complaintsOf(browser, publicUrl);
    if (complaints.length > 0) throw new Error(complaints.join("; "));
    return [byKey, revoked, out, byIssuer].join("; ");
  } finally {
    await browser.close();
    await mars.kill("SIGTERM");
    await rm(home, { recursive: true, force: true });
  }
}

async function signInByKey(browser: Browser, mars: MarsProcess, publicUrl: string): Promise<string> {
  const address = `${publicUrl}/search/event?message_id=m-1&app_id=shop`;
  await browser.visit(address, form);
  await assertFits(browser, address, "a.button");
  await enter(browser, "mars_ro_nothing");
  await until(browser, `${problem}.includes('No key of this Mars')`);
  const { token } = await makeKey(mars, "first, with a name that is too long for the header");
  await enter(browser, token);
  await until(browser, `${live} && ${account}.includes('first')`);
  if ((await browser.evaluate("location.href")) !== address) throw new Error("the address has not stayed");
  if ((await browser.evaluate("document.cookie")) !== "") throw new Error("a script can read the cookie");
  await browser.visit(address, `${live} && ${account}.includes('first')`);
  await assertFits(browser, address, "#account button");
  return "a wrong key refused, a right one at its address, over a reload";
}

/** The page of a message has a WebSocket, the first page reads again and again. */
async function revokeWhileOpen(browser: Browser, mars: MarsProcess): Promise<string> {
  let slowestMs = 0;
  for (const path of ["/search/event?message_id=m-1&app_id=shop", "/"]) {
    const { id, token } = await makeKey(mars, "second");
    await browser.evaluate(`fetch("/api/sessions/current", { method: "DELETE" }).then(() => 0)`);
    const url = `${await browser.evaluate<string>("location.origin")}${path}`;
    await browser.visit(url, form);
    await enter(browser, token);
    await until(browser, `${live} && ${account}.includes('second')`);
    await browser.evaluate("window.same = true");
    const start = performance.now();
    await call(mars, "DELETE", `/api/keys/${id}`);
    await until(
      browser,
      `${form} && document.querySelector('dialog').innerText.includes('session has ended')`,
    );
    slowestMs = Math.max(slowestMs, performance.now() - start);
    // Longer than the first page waits between its reads.
    await Bun.sleep(2_500);
    if (!(await browser.evaluate<boolean>(`window.same === true && ${form}`)))
      throw new Error(`${path} reloads`);
  }
  return `the sign-in ${Math.round(slowestMs)} ms after the key was revoked, without a reload`;
}

async function signOut(browser: Browser, mars: MarsProcess): Promise<string> {
  await enter(browser, (await makeKey(mars, "third")).token);
  await until(browser, `${live} && ${account}.includes('third')`);
  await browser.evaluate("document.querySelector('#account button').click()");
  await until(browser, form);
  // The page may be left for a new one just then.
  await until(browser, `fetch("/api/messages").then(({ status }) => status === 401)`);
  return "signed out";
}

async function signInByIssuer(browser: Browser, publicUrl: string): Promise<string> {
  await browser.visit(
    `${publicUrl}/search/event?message_id=m-1&app_id=shop`,
    "document.querySelector('a.button')",
  );
  await leave(browser, "document.querySelector('a.button').click()");
  await until(browser, "document.querySelector('[name=login]') !== null");
  await leave(
    browser,
    `document.querySelector("[name=login]").value = "ann";
    document.querySelector("[name=password]").value = "x";
    document.querySelector("form").submit();`,
  );
  await until(
    browser,
    `${live} && ${account}.includes('ann@example.com') && location.search.includes('m-1')`,
  );
  return "signed in by an issuer, back at the address";
}

async function enter(browser: Browser, key: string): Promise<void> {
  await browser.evaluate(`(() => {
    document.querySelector("#key").value = ${JSON.stringify(key)};
    document.querySelector("#key").form.requestSubmit();
  })()`);
}

/** Does what leads to another page: after the answer, which is lost when the page goes first. */
async function leave(browser: Browser, statements: string): Promise<void> {
  await browser.evaluate(`void setTimeout(() => { ${statements} })`);
}

/** Waits until the expression holds; while a page is left there is nothing to ask. */
async function until(browser: Browser, expression: string): Promise<void> {
  for (const end = Date.now() + waitMs; ; ) {
    const holds = await browser.evaluate<boolean>(expression).catch(() => false);
    if (holds) return;
    if (Date.now() > end) {
      const text = await browser.evaluate<string>("location.href + document.body.innerText");
      throw new Error(`never came to ${expression}: ${text}`);
    }
    await Bun.sleep(20);
  }
}

async function assertFits(browser: Browser, url: string, ready: string): Promise<void> {
  for (const dark of [false, true]) await browser.shoot({ url, width: 320, height: 640, dark, ready });
  const width = await browser.evaluate<number>("document.documentElement.scrollWidth");
  if (width > 320) throw new Error(`${url} is ${width} pixels wide on a screen of 320`);
}

/** What the console says of Mars, but for calls that were refused as they should be. The issuer's pages are its own. */
function complaintsOf(browser: Browser, publicUrl: string): string[] {
  return browser
    .complaints()
    .filter((text) => text.includes(publicUrl) || !text.includes("http"))
    .filter((text) => !text.includes("status of 401"));
}

async function makeKey(mars: MarsProcess, name: string): Promise<{ id: string; token: string }> {
  return (await post(mars, "/api/keys", { kind: "ro", apps: ["shop"], name })) as never;
}

function post(mars: MarsProcess, path: string, body: object): Promise<unknown> {
  return call(mars, "POST", path, body);
}

async function call({ url }: MarsProcess, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

if (import.meta.main) await runAlone(run);
