import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";

import { onlyFromPem, parseCertificate, toPem } from "../certificates/certificates.ts";
import { type Bytes, latin1Text } from "../encoding/bytes.ts";
import { decodeBase64url } from "../encoding/base64url.ts";
import { CoreError } from "../errors.ts";
import { PackKnowledge, type PackTerms, openTrustPack } from "../pack/pack_knowledge.ts";

/** The worked example of docs/trust-pack.md. TEST DATA. */
interface Example {
  readonly now: number;
  readonly anchor: string;
  readonly pack: string;
  readonly pack_content: { readonly status_lists: readonly { readonly uri: string }[] };
}

const FILE = new URL("../../../tests/vectors/trust_pack/example.json", import.meta.url);
const example = JSON.parse(readFileSync(FILE, "utf-8")) as Example;
const message = decodeBase64url(example.pack);
const anchor = onlyFromPem(example.anchor);
const terms: PackTerms = { pins: [anchor], operator: "DE:TEST90", at: example.now, newestSequence: 0 };
const uri = example.pack_content.status_lists[0]?.uri ?? "";

async function refusal(opening: Promise<unknown>): Promise<string> {
  try {
    await opening;
  } catch (error) {
    if (error instanceof CoreError) return `${error.code}.${error.reason}`;
    throw error;
  }
  return "accepted";
}

let knowledge: PackKnowledge;
before(async () => {
  knowledge = new PackKnowledge(await openTrustPack(message, terms));
});

test("a pack in force is opened by the operator's authority", () => {
  assert.equal(knowledge.sequence, 17);
  assert.equal(toPem(anchor), example.anchor);
  assert.ok(parseCertificate(anchor).notAfter > example.now);
});

test("V-32: a pack that is old, to come, another's or changed is refused", async () => {
  const open = (changes: Partial<PackTerms>): Promise<string> =>
    refusal(openTrustPack(message, { ...terms, ...changes }));
  assert.equal(await open({ at: example.now + 7 * 86_400 }), "trust_pack_expired.");
  assert.equal(await open({ at: example.now - 61 }), "trust_pack_not_yet.");
  assert.equal(await open({ newestSequence: 18 }), "trust_pack_rollback.");
  assert.equal(await open({ operator: "DE:TEST91" }), "issuer_untrusted.institution_mismatch");
  assert.equal(await open({ pins: [] }), "trust_empty.");
  const changed: Bytes = message.slice();
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  assert.equal(await refusal(openTrustPack(changed, terms)), "trust_pack_invalid.signature_invalid");
});

test("K06: a status is known, grows old, and is not known after its list has ended", async () => {
  const asked = { institution: "FR:TEST01", now: example.now };
  const at = async (idx: number, now: number): Promise<unknown> => {
    const { knowledge: known, value, reason } = await knowledge.status({ uri, idx }, { ...asked, now });
    return [known, value, reason];
  };
  assert.deepEqual(await at(42, example.now), ["fresh", 0, ""]);
  assert.deepEqual(await at(42, example.now + 3600), ["stale", 0, ""]);
  assert.deepEqual(await at(42, example.now + 86_400), ["unknown", -1, "list_expired"]);
  assert.deepEqual(await at(42, example.now), ["fresh", 0, ""]);
  const elsewhere = await knowledge.status({ uri: `${uri}0`, idx: 1 }, asked);
  assert.equal(elsewhere.reason, "not_held");
  const ofAnother = await knowledge.status({ uri, idx: 42 }, { ...asked, institution: "FR:TEST02" });
  assert.equal(ofAnother.reason, "institution_mismatch");
  assert.equal(await refusal(knowledge.status({ uri, idx: 4096 }, asked)), "status_invalid.index_out_of_range");
});

test("a type is found by the digest of its document only", async () => {
  const [vct] = knowledge.pack.typeMetadata.keys();
  const document = new TextEncoder().encode(knowledge.pack.typeMetadata.get(vct ?? ""));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", document));
  const pin = `sha256-${btoa(latin1Text(digest))}`;
  assert.equal((await knowledge.typeMetadata(vct ?? "", pin))?.vct, vct);
  assert.equal(await knowledge.typeMetadata(vct ?? "", "sha256-AA=="), null);
  assert.ok(knowledge.knowsType(vct ?? "") && !knowledge.knowsType("urn:unknown"));
});

test("a signer that is not in the pack is told as unknown", async () => {
  assert.equal(await refusal(knowledge.chains(new Uint8Array(8))), "issuer_untrusted.signer_unknown");
});
