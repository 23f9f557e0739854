/** What was scanned, challenges, and the policies of a device. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { CoreError, inspectionPolicy, newChallenge, proximityRule, readChallenge, recognise } from "../index.ts";

const BYTES = (text: string): Uint8Array => new TextEncoder().encode(text);

test("files are told by their first bytes", () => {
  assert.equal(recognise(BYTES("%PDF-1.7\n")).kind, "pdf");
  assert.equal(recognise(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10)).kind, "image");
  assert.equal(recognise(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)).kind, "image");
  assert.equal(recognise(Uint8Array.of(0, 1, 2, 0xff)).kind, "binary");
  assert.equal(recognise(BYTES("PD1:ABC")).kind, "seal");
});

test("an ICAO seal says which State it is of", () => {
  const utopia = 1600 * 34 + 40 * 33 + 28 + 1;
  const found = recognise(Uint8Array.of(0xdc, 0x03, utopia >> 8, utopia & 255, 0, 0));
  assert.equal(found.kind, "vds");
  assert.ok("unverifiedFacts" in found);
  assert.deepEqual(found.unverifiedFacts, { version: "4", country: "UTO" });
});

test("a 2D-DOC says its authority, its dates and its type", () => {
  const found = recognise("DC04FR0000011A2BFFFF0101FR");
  assert.ok("unverifiedFacts" in found);
  const { signed, ...facts } = found.unverifiedFacts;
  assert.equal(signed, undefined);
  assert.deepEqual(facts, {
    version: "DC04",
    authority: "FR00",
    certificate: "0001",
    issued: "2018-05-05",
    documentType: "01",
    country: "FR",
  });
});

test("k01 what other systems say is short, plain, and never a link that we made", () => {
  const found = recognise(`openid4vp://?client_id=${"x".repeat(5000)}&request_uri=https://verifier.example/r`);
  assert.ok("unverifiedFacts" in found);
  assert.deepEqual(found.unverifiedFacts, { request_uri: "verifier.example" });
});

test("k01 a text of any length or letters is text, and short", () => {
  for (const text of [
    "<script>alert(1)</script>",
    "\u202ereversed",
    "x".repeat(1_000_000),
    "\ud800",
    "a\u0000b",
  ]) {
    const found = recognise(text);
    assert.equal(found.kind, "text");
    assert.ok(found.unverifiedText.length <= 4096);
  }
});

test("a presentation is told whether somebody signed it", () => {
  const bare = recognise("eyJ.eyJ.AA~WyJ~");
  const bound = recognise(" eyJ.eyJ.AA~WyJ~\n eyJ.eyJ.AA ");
  assert.deepEqual([bare.kind, "bound" in bare && bare.bound], ["sd_jwt", false]);
  assert.deepEqual([bound.kind, "bound" in bound && bound.bound], ["sd_jwt", true]);
});

test("a challenge is sixteen letters that people can read out", () => {
  assert.equal(newChallenge(new Uint8Array(10)), "0".repeat(16));
  assert.equal(newChallenge(new Uint8Array(10).fill(255)), "Z".repeat(16));
  assert.equal(readChallenge(" pxn1:0123-4567 89ab-cdef"), "0123456789ABCDEF");
  assert.throws(() => readChallenge("0123456789ABCDEI"), CoreError);
  assert.throws(() => newChallenge(new Uint8Array(9)), RangeError);
});

test("k03 what cannot be read asks for the challenge that was shown", () => {
  assert.equal(proximityRule("no presentation", "0123456789ABCDEF").kind, "required");
  assert.equal(proximityRule("no presentation", null).kind, "unsolicited");
});

test("a care desk never takes an A1, and an inspection no card", () => {
  const types = (purpose: "care" | "inspection") =>
    [...inspectionPolicy({ purpose, onDate: "2026-11-22", keyBinding: { kind: "refused" } }).acceptedTypes];
  assert.ok(!types("care").some((type) => type.includes("pda1")));
  assert.ok(types("care").includes("urn:portadoc:seal:prc:1"));
  assert.ok(!types("inspection").some((type) => type.includes("ehic") || type.includes("prc")));
  assert.ok(types("inspection").includes("urn:portadoc:seal:pda1:1"));
});
