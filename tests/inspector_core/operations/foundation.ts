/** Operations on encodings, signatures, certificates, lists and packs. */

import { certificateKey, parseCertificate } from "../../../inspector/core/certificates/certificates.ts";
import { validateChain } from "../../../inspector/core/certificates/chain_validation.ts";
import * as coseSign1 from "../../../inspector/core/cose/cose_sign1.ts";
import { decodeBase45, encodeBase45 } from "../../../inspector/core/encoding/base45.ts";
import {
  decodeBase64,
  decodeBase64url,
  encodeBase64,
  encodeBase64url,
} from "../../../inspector/core/encoding/base64url.ts";
import type { Bytes } from "../../../inspector/core/encoding/bytes.ts";
import { crc32 } from "../../../inspector/core/encoding/digest.ts";
import { InflatesBeyondLimit, NotOneStream, inflate } from "../../../inspector/core/encoding/inflate.ts";
import * as strictCbor from "../../../inspector/core/encoding/strict_cbor.ts";
import * as strictJson from "../../../inspector/core/encoding/strict_json.ts";
import { ALL_ALGORITHMS } from "../../../inspector/core/jose/algorithms.ts";
import * as jws from "../../../inspector/core/jose/jws.ts";
import { encryptFor } from "../../../inspector/core/jose/jwe_encrypt.ts";
import { holderKey, publicJwk, publicKeyFromJwk, thumbprint } from "../../../inspector/core/jose/keys.ts";
import * as roles from "../../../inspector/core/jose/roles.ts";
import { PackKnowledge, openTrustPack } from "../../../inspector/core/pack/pack_knowledge.ts";
import { type TrustPack, parseTrustPack, verifyTrustPack } from "../../../inspector/core/pack/trust_pack.ts";
import { resolveTypeMetadata } from "../../../inspector/core/pack/type_metadata.ts";
import {
  type BelievedStatusList,
  believeStatusList,
  believeWithdrawalList,
} from "../../../inspector/core/status/believing.ts";
import {
  DEFAULT_LIMITS,
  type StatusListLimits,
  parseStatusList,
  verifyStatusList,
} from "../../../inspector/core/status/status_list.ts";
import { statusReference } from "../../../inspector/core/status/statuses.ts";
import { parseWithdrawalList, verifyWithdrawalList } from "../../../inspector/core/status/withdrawal_list.ts";
import { trustFromJson } from "../../../inspector/core/trust/trust_file.ts";
import type { TrustStore, TrustedKey } from "../../../inspector/core/trust/trust_store.ts";
import type { Operations, Question } from "../answering.ts";

function bytes(text: string): Bytes {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function chain(texts: readonly string[]): readonly Bytes[] {
  return texts.map(bytes);
}

/** Return a JSON value of the question as the core reads it: no prototype, numbers as they are written. */
function json(value: unknown): strictJson.Json {
  return strictJson.loads(JSON.stringify(value), { what: "question", maxBytes: 64 * 1024 * 1024 });
}

/** Return JSON so that numbers keep their kind: whole ones as text, others by their value. */
function kinds(value: strictJson.Json): unknown {
  if (value instanceof strictJson.JsonFloat)
    return { float: new BigUint64Array(Float64Array.of(value.value).buffer)[0]?.toString() };
  if (typeof value === "number" || typeof value === "bigint") return { int: value.toString() };
  if (strictJson.isArray(value)) return value.map(kinds);
  if (!strictJson.isObject(value)) return value;
  return { object: Object.entries(value).map(([name, each]) => [name, kinds(each)]) };
}

function cborKinds(value: strictCbor.Cbor): unknown {
  if (strictCbor.isBytes(value)) return value;
  if (typeof value === "number" || typeof value === "bigint") return { int: value.toString() };
  if (strictCbor.isArray(value)) return value.map(cborKinds);
  return strictCbor.isMap(value)
    ? { map: [...value].map(([key, each]) => [cborKinds(key), cborKinds(each)]) }
    : value;
}

/** Trust stores by the text of their configuration: a store keeps the chains that it judged. */
const stores = new Map<string, Promise<TrustStore>>();

async function trust(configuration: unknown): Promise<TrustStore> {
  const text = JSON.stringify(configuration);
  const known = stores.get(text) ?? trustFromJson(json(configuration));
  stores.set(text, known);
  return known;
}

function told({ key, institutionId, country, notAfter, anchor, trustLists, speaksFor }: TrustedKey): unknown {
  return { alg: key.alg, jwk: publicJwk(key), institutionId, country, notAfter, anchor, trustLists, speaksFor };
}

function asked(question: Question): Parameters<TrustStore["resolve"]>[1] {
  const { purpose, at, credentialType, issuer, institution } = question as never;
  return { purpose, at, credentialType, issuer, institution };
}

function summary(pack: TrustPack): unknown {
  const { operator, sequence, asOf, exp, signerChains, typeMetadata, statusLists, withdrawalLists } = pack;
  return { operator, sequence, asOf, exp, signerChains, typeMetadata, statusLists, withdrawalLists };
}

const packs = new Map<string, PackKnowledge>();

const keys = new Map<string, Awaited<ReturnType<typeof publicKeyFromJwk>>>();

async function key(jwk: unknown): Promise<Awaited<ReturnType<typeof publicKeyFromJwk>>> {
  const text = JSON.stringify(jwk);
  const known = keys.get(text) ?? (await publicKeyFromJwk(json(jwk), { allowedAlgs: ALL_ALGORITHMS }));
  keys.set(text, known);
  return known;
}

function limitsOf(question: Question): StatusListLimits {
  return { ...DEFAULT_LIMITS, ...question["limits"] };
}

export const operations: Operations = {
  base64url_decode: ({ text }) => decodeBase64url(text),
  base64url_encode: ({ raw }) => encodeBase64url(bytes(raw)),
  base64_decode: ({ text }) => decodeBase64(text),
  base64_encode: ({ raw }) => encodeBase64(bytes(raw)),
  base45_decode: ({ text }) => decodeBase45(text),
  base45_encode: ({ raw }) => encodeBase45(bytes(raw)),
  crc32: ({ raw }) => crc32(bytes(raw)),
  inflate: async ({ raw, limit }) => {
    try {
      return await inflate(bytes(raw), limit);
    } catch (error) {
      if (error instanceof InflatesBeyondLimit) return "beyond_limit";
      if (error instanceof NotOneStream) return "not_one_stream";
      throw error;
    }
  },
  json_loads: ({ raw, maxDepth, maxBytes }) =>
    kinds(strictJson.loads(bytes(raw), { what: "it", maxDepth, maxBytes })),
  json_loads_object: ({ raw }) => kinds(strictJson.loadsObject(bytes(raw), { what: "it" })),
  json_loads_text: ({ text }) => kinds(strictJson.loads(text, { what: "it" })),
  cbor_loads: ({ raw, tag, maxBytes }) => cborKinds(strictCbor.loads(bytes(raw), { what: "it", tag, maxBytes })),
  cbor_loads_map: ({ raw }) => cborKinds(strictCbor.loadsMap(bytes(raw), { what: "it" })),
  cbor_again: ({ raw }) => strictCbor.dumps(strictCbor.loads(bytes(raw), { what: "it" })),
  jws_verify: async ({ token, jwk, role }) => {
    const split = jws.split(token, roles[role as keyof typeof roles], { allowedAlgs: ALL_ALGORITHMS });
    return kinds(await jws.verify(split, await key(jwk)));
  },
  jws_chain: ({ token, role }) =>
    jws.certificateChain(jws.split(token, roles[role as keyof typeof roles], { allowedAlgs: ALL_ALGORITHMS })),
  cose_verify: async ({ raw, jwk, role }) => {
    const split = coseSign1.split(bytes(raw), role, { allowedAlgs: ALL_ALGORITHMS });
    const found = coseSign1.certificateChain(split);
    return { claims: cborKinds(await coseSign1.verify(split, await key(jwk))), chain: found };
  },
  public_key: async ({ jwk }) => publicJwk(await publicKeyFromJwk(json(jwk), { allowedAlgs: ALL_ALGORITHMS })),
  holder_key: async ({ cnf }) => publicJwk(await holderKey(json(cnf), { allowedAlgs: ALL_ALGORITHMS })),
  thumbprint: ({ jwk }) => thumbprint(json(jwk) as strictJson.JsonObject),
  encrypt: ({ jwk, raw }) => encryptFor(json(jwk) as strictJson.JsonObject, bytes(raw)),
  certificate: async ({ raw }) => {
    const parsed = parseCertificate(bytes(raw));
    return { notBefore: parsed.notBefore, notAfter: parsed.notAfter, version: parsed.version };
  },
  certificate_key: async ({ raw }) => publicJwk(await certificateKey(parseCertificate(bytes(raw)))),
  validate_chain: async ({ texts, anchors, purpose, at, dedicated }) => {
    const held = chain(anchors).map(parseCertificate);
    const found = await validateChain(chain(texts), { anchors: held, purpose, at, dedicated: chain(dedicated) });
    return { ...found, key: publicJwk(found.key) };
  },
  resolve: async ({ configuration, texts, ...question }) =>
    told(await (await trust(configuration)).resolve(chain(texts), asked(question))),
  resolve_chain: async ({ configuration, texts, purpose, at }) =>
    told(await (await trust(configuration)).resolveChain(chain(texts), { purpose, at })),
  trust: async ({ configuration }) => (await trustFromJson(json(configuration))).anchors.length,
  status_reference: ({ claims }) => statusReference(json(claims) as strictJson.JsonObject),
  read_status_list: async ({ text, raw, jwk, uri, now, skewS, ...question }) => {
    const reader = await key(jwk);
    const parsed = parseStatusList(text ?? bytes(raw), { allowedAlgs: new Set([reader.alg]) });
    const { statuses, ...token } = await verifyStatusList(parsed, {
      key: reader,
      uri,
      now,
      skewS,
      limits: limitsOf(question),
    });
    return { ...token, bits: statuses.bits, packed: statuses.packed, chain: parsed.unverifiedChain };
  },
  read_withdrawal_list: async ({ text, jwk, uri, now, skewS }) => {
    const reader = await key(jwk);
    const parsed = parseWithdrawalList(text, { allowedAlgs: new Set([reader.alg]) });
    return verifyWithdrawalList(parsed, { key: reader, uri, now, skewS });
  },
  believe_status_list: async (question) => {
    const { text, raw, configuration, uri, now, skewS, positions } = question as never as Record<string, any>;
    const options = { uri, trust: await trust(configuration), now, skewS, limits: limitsOf(question) };
    const {
      token: { statuses, ...token },
      ...believed
    } = await believeStatusList(text ?? bytes(raw), options);
    const values = (positions as number[]).map((idx) => statuses.get(idx));
    return { ...believed, token: { ...token, capacity: statuses.capacity, bits: statuses.bits }, values };
  },
  believe_withdrawal_list: async ({ text, issuedBy, speaksFor, configuration, uri, now, skewS }) => {
    const statusList = { token: { uri }, issuedBy, speaksFor: new Set(speaksFor) } as never as BelievedStatusList;
    return believeWithdrawalList(text, { trust: await trust(configuration), now, skewS, statusList });
  },
  verify_pack: async ({ raw, jwk, institutionId }) => {
    const parsed = parseTrustPack(bytes(raw), { allowedAlgs: ALL_ALGORITHMS });
    return summary(await verifyTrustPack(parsed, { key: await key(jwk), institutionId }));
  },
  open_pack: async ({ raw, pins, operator, at, newestSequence, skewS, name, ...question }) => {
    const pack = await openTrustPack(bytes(raw), { pins: chain(pins), operator, at, newestSequence, skewS });
    if (name !== undefined) packs.set(name, new PackKnowledge(pack, { skewS, limits: limitsOf(question) }));
    return summary(pack);
  },
  pack_status: ({ name, uri, idx, institution, now }) =>
    packs.get(name)?.status({ uri, idx }, { institution, now }),
  pack_chains: ({ name, keyId }) => packs.get(name)?.chains(bytes(keyId)),
  pack_type: ({ name, vct, pin }) => packs.get(name)?.typeMetadata(vct, pin),
  resolve_type: ({ vct, documents }) =>
    resolveTypeMetadata(vct, null, async (type) => (type in documents ? bytes(documents[type]) : null)),
};
