/** Where the sender sends to, and a delivery that can be sent by hand. */
import { publicOrigin } from "../../data/account.ts";
import { Copy } from "../../parts/copy.tsx";
import type { Source } from "./definition.ts";

export function Address({ source }: { source: Source }) {
  const { id, verify } = source;
  const address = `${publicOrigin()}/in/${encodeURIComponent(id)}`;
  const command = curlOf(address, verify);
  return (
    <section aria-labelledby="address-title">
      <h2 id="address-title">Address for the sender</h2>
      <p>
        <code>{address}</code> <Copy label="Copy address" text={address} />
      </p>
      {command === undefined ? (
        <p class="muted">Only the sender can sign a delivery: let it send a test.</p>
      ) : (
        <details>
          <summary>A delivery by hand</summary>
          <pre>{command}</pre>
          <p>
            <Copy label="Copy curl" text={command} />{" "}
            <span class="muted">
              {verify.scheme !== "none" && "SECRET is the source's secret. "}The body is in delivery.json.
            </span>
          </p>
        </details>
      )}
    </section>
  );
}

const bodyFile = "delivery.json";

/** For a shell; absent where what the sender alone has is needed. */
function curlOf(address: string, { scheme, header = "authorization", username = "" }: Source["verify"]) {
  const body = `--data-binary @${bodyFile}`;
  const digest = `openssl dgst -sha256 -hmac "$SECRET"`;
  if (scheme === "none") return `curl '${address}' ${body}`;
  if (scheme === "token") return `curl '${address}' -H "${header}: $SECRET" ${body}`;
  if (scheme === "gitlab") return `curl '${address}' -H "X-Gitlab-Token: $SECRET" ${body}`;
  if (scheme === "basic")
    return `curl '${address}' -u '${username.replaceAll("'", `'\\''`)}:'"$SECRET" ${body}`;
  if (scheme === "github") {
    return `curl '${address}' -H 'X-GitHub-Event: ping' \\
  -H "X-Hub-Signature-256: sha256=$(${digest} -r < ${bodyFile} | cut -d' ' -f1)" ${body}`;
  }
  if (scheme === "shopify") {
    return `curl '${address}' -H 'X-Shopify-Topic: orders/create' \\
  -H "X-Shopify-Hmac-Sha256: $(${digest} -binary < ${bodyFile} | base64)" ${body}`;
  }
  if (scheme === "stripe") {
    return `t=$(date +%s)
curl '${address}' \\
  -H "Stripe-Signature: t=$t,v1=$({ printf '%s.' "$t"; cat ${bodyFile}; } | ${digest} -r | cut -d' ' -f1)" ${body}`;
  }
  return undefined;
}
