import assert from "node:assert/strict";
import { test } from "node:test";

import type { Verdict } from "../../core/index.ts";
import type { Judgement } from "../scans/judging.ts";
import type { Scan } from "../scans/scans.ts";
import { Scans } from "../scans/scans.ts";
import { wordingOf } from "../scans/wording.ts";
import type { Device } from "../session/device.ts";
import { FIRST_SETTINGS } from "../session/device.ts";

const BOUND = "e30.e30.AAAA~e30.e30.AAAA";
const STORED = "e30.e30.AAAA~";

/** A device without a trust pack: whatever is scanned on it is taken, and not judged. */
function bareScans(): Scans {
  const state = { configuration: null, knowledge: null, pack: null, clockOffset: null, settings: FIRST_SETTINGS };
  return new Scans({ state: () => state, now: () => 1_795_000_000 } as unknown as Device);
}

test("k07 the number that is shown proves one presentation, whatever way it came", () => {
  for (const source of ["camera", "text", "file", "phone"] as const) {
    const scans = bareScans();
    scans.challenge.show();
    const shown = scans.challenge.state();
    const [first, second] = [scans.take(BOUND, source), scans.take(BOUND, source)].map(
      (id) => scans.find(id)?.nonce,
    );
    assert.equal(first, shown);
    assert.notEqual(second, shown);
  }
});

test("what answers no number uses none up", () => {
  const scans = bareScans();
  scans.challenge.show();
  const shown = scans.challenge.state();
  for (const text of ["PD1:ABC", STORED, "https://example.org/"]) scans.take(text, "camera");
  assert.equal(scans.challenge.state(), shown);
});

test("a number that nobody shows is not made up by a scan", () => {
  const scans = bareScans();
  scans.take(BOUND, "camera");
  assert.equal(scans.challenge.state(), null);
});

test("k08 a comparison holds for the verdict that it completed, and turns no other one green", () => {
  const compared = { compared: { answer: "same", at: 1 } } as unknown as Scan;
  const judged = (verdict: Verdict): Judgement =>
    ({ reports: [], verdict, colour: "red", code: "" }) as unknown as Judgement;
  assert.equal(wordingOf(compared, judged("holder_not_proven")).colour, "green");
  for (const verdict of ["not_authentic", "withdrawn_or_replaced", "status_not_known"] as const) {
    assert.notEqual(wordingOf(compared, judged(verdict)).colour, "green");
  }
});

test("k10 a lock leaves neither a scan, nor a number to answer, nor a day that somebody asked about", () => {
  const scans = bareScans();
  scans.take(STORED, "text");
  scans.challenge.show();
  scans.treatmentDay = "2026-01-02";
  scans.clear();
  assert.deepEqual([scans.state(), scans.challenge.state(), scans.treatmentDay], [[], null, ""]);
});
