import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { decodeBase45, encodeBase45 } from "../encoding/base45.ts";
import { decodeBase64, decodeBase64url, encodeBase64, encodeBase64url } from "../encoding/base64url.ts";
import {
  bigEndian,
  concatBytes,
  equalBytes,
  hex,
  latin1Text,
  startsWithBytes,
  toBigEndian,
  utf8,
} from "../encoding/bytes.ts";
import { crc32, sha256Text } from "../encoding/digest.ts";
import { InflatesBeyondLimit, NotOneStream, inflate } from "../encoding/inflate.ts";
import * as strictCbor from "../encoding/strict_cbor.ts";
import * as strictJson from "../encoding/strict_json.ts";
import { CoreError, toldAs, untrusted } from "../errors.ts";

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof CoreError) return `${error.code}.${error.reason}`;
    throw error;
  }
  return "accepted";
}

test("bytes are joined, compared and counted", () => {
  const [one, two] = [Uint8Array.of(1, 2), Uint8Array.of(3)];
  assert.deepEqual(concatBytes(one, two), Uint8Array.of(1, 2, 3));
  assert.ok(
    equalBytes(one, Uint8Array.of(1, 2)) && !equalBytes(one, two) && !equalBytes(one, Uint8Array.of(1, 3)),
  );
  assert.ok(startsWithBytes(one, Uint8Array.of(1)) && !startsWithBytes(two, one));
  assert.equal(hex(toBigEndian(258n, 4)), "00000102");
  assert.equal(bigEndian(Uint8Array.of(1, 2)), 258n);
  assert.equal(bigEndian(new Uint8Array()), 0n);
  assert.equal(latin1Text(new Uint8Array(20_000).fill(0xff)).length, 20_000);
});

test("RFC 9285: the examples of Base45", () => {
  for (const [text, encoded] of [
    ["AB", "BB8"],
    ["Hello!!", "%69 VD92EX0"],
    ["base-45", "UJCLQE7W581"],
    ["", ""],
  ] as const) {
    assert.equal(encodeBase45(utf8(text)), encoded);
    assert.deepEqual(decodeBase45(encoded), utf8(text));
  }
  assert.equal(
    refusal(() => decodeBase45("bb8")),
    "base45_invalid.character",
  );
  assert.equal(
    refusal(() => decodeBase45("A")),
    "base45_invalid.length",
  );
  assert.equal(
    refusal(() => decodeBase45("GGW")),
    "base45_invalid.overflow",
  );
});

test("base64 has one text for each byte string", () => {
  for (const [raw, url, standard] of [
    ["", "", ""],
    ["f", "Zg", "Zg=="],
    ["fo", "Zm8", "Zm8="],
    ["foo", "Zm9v", "Zm9v"],
  ] as const) {
    assert.equal(encodeBase64url(utf8(raw)), url);
    assert.equal(encodeBase64(utf8(raw)), standard);
    assert.deepEqual(decodeBase64url(url), utf8(raw));
    assert.deepEqual(decodeBase64(standard), utf8(raw));
  }
  for (const text of ["Zg==", "Zh", "Z", "Zm9v=", "Zm 9", "Zm+v", "Zm9\u00e9"]) {
    assert.equal(
      refusal(() => decodeBase64url(text)),
      "base64url_invalid.",
    );
  }
  for (const text of ["Zg", "Zg=", "Zh==", "Zm8", "=", "====", "Zm_v"]) {
    assert.equal(
      refusal(() => decodeBase64(text)),
      "base64url_invalid.",
    );
  }
});

test("check sums and digests are those of their standards", async () => {
  assert.equal(crc32(utf8("123456789")), 0xcbf43926);
  assert.equal(await sha256Text(""), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
});

test("one zlib stream is inflated, within bounds and with nothing behind it", async () => {
  const whole = new Uint8Array(deflateSync(Buffer.alloc(5000, "seal")));
  assert.equal((await inflate(whole, 5000)).length, 5000);
  await assert.rejects(inflate(whole, 4999), InflatesBeyondLimit);
  await assert.rejects(
    inflate(new Uint8Array(deflateSync(Buffer.alloc(50_000_000))), 16_384),
    InflatesBeyondLimit,
  );
  for (const spoilt of [
    new Uint8Array(),
    whole.subarray(0, -1),
    concatBytes(whole, Uint8Array.of(0)),
    whole.subarray(2),
  ]) {
    await assert.rejects(inflate(spoilt, 5000), NotOneStream);
  }
});

test("JSON with a second reading is refused, and numbers keep their kind", () => {
  const read = (text: string): strictJson.Json => strictJson.loads(text, { what: "it" });
  const members = strictJson.loadsObject('{"__proto__":1,"b":[1.0,18446744073709551615]}', { what: "it" });
  assert.equal(members["__proto__"], 1);
  assert.deepEqual(members["b"], [new strictJson.JsonFloat(1), 18446744073709551615n]);
  assert.equal(JSON.stringify(read("[1.5]")), "[1.5]");
  for (const [text, reason] of [
    ['{"a":1,"\\u0061":2}', "duplicate_member"],
    ["-0", "number"],
    ["-0.0", "number"],
    ["[1,]", "syntax"],
    ['"\\ud800"', "syntax"],
    ["1e400", "syntax"],
    ["\ufeff{}", "syntax"],
    ['"\ud800"', "encoding"],
  ] as const) {
    assert.equal(
      refusal(() => read(text)),
      `json_malformed.${reason}`,
    );
  }
  assert.equal(
    refusal(() => read("[".repeat(33))),
    "limit_exceeded.",
  );
});

test("CBOR is read and written in one form", () => {
  const value = new Map<strictCbor.CborKey, strictCbor.Cbor>([
    [1, "é"],
    [-7, [true, null]],
    ["x", Uint8Array.of(1)],
  ]);
  const encoded = strictCbor.dumps(value, { tag: 18 });
  assert.equal(hex(encoded), "d2a30162c3a926 82f5f66178 4101".replaceAll(" ", ""));
  assert.deepEqual(strictCbor.loads(encoded, { what: "it", tag: 18 }), value);
  assert.equal(strictCbor.loads(strictCbor.dumps(2n ** 64n - 1n), { what: "it" }), 2n ** 64n - 1n);
  assert.equal(
    refusal(() => strictCbor.loads(Uint8Array.of(0xa1, 0xf5, 1), { what: "it" })),
    "cbor_malformed.key",
  );
});

test("an inner fault is told under the code of what was read", () => {
  const told = toldAs("status_invalid", untrusted("signature_invalid", { reason: "length", limit: 1 }));
  assert.ok(told instanceof CoreError);
  assert.deepEqual(
    [told.code, told.params],
    ["status_invalid", { limit: 1, detail: "length", reason: "signature_invalid" }],
  );
  const other = new TypeError("of the program");
  assert.equal(toldAs("status_invalid", other), other);
});
