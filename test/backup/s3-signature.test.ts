/** Signatures of requests to S3, against the examples of Amazon's documentation. */
import { expect, test } from "bun:test";
import { encodePath, signedHeaders } from "../../src/backup/targets/s3-signature.ts";

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Examples: Signature Calculations"
const credentials = {
  keyId: "AKIAIOSFODNN7EXAMPLE",
  secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  token: "",
  region: "us-east-1",
};
const host = "examplebucket.s3.amazonaws.com";
const time = new Date("2013-05-24T00:00:00Z");
const nothing = new Uint8Array(0);

function signatureOf(request: Partial<Parameters<typeof signedHeaders>[0]>): string | undefined {
  const whole = { method: "GET", host, path: "/", query: {}, body: nothing, ...request };
  return /Signature=(\w+)/.exec(signedHeaders(whole, credentials, time).authorization ?? "")?.[1];
}

test("a request with a header, with an empty parameter, and with several", () => {
  expect(signatureOf({ path: "/test.txt", headers: { range: "bytes=0-9" } })).toBe(
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
  expect(signatureOf({ query: { lifecycle: "" } })).toBe(
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  );
  expect(signatureOf({ query: { prefix: "J", "max-keys": "2" } })).toBe(
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  );
});

test("a request with a body, and a path that is encoded", () => {
  const request = {
    method: "PUT",
    path: encodePath("/test$file.text"),
    headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
    body: Buffer.from("Welcome to Amazon S3."),
  };
  expect(signatureOf(request)).toBe("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
});
