import assert from "node:assert/strict";
import { test } from "node:test";

import type { Scan } from "../scans/scans.ts";
import { Scans } from "../scans/scans.ts";
import type { Device } from "../session/device.ts";
import { FIRST_SETTINGS } from "../session/device.ts";
import { identifierOf, questionOf, workOf } from "../session/question.ts";
import { declaredIdentifier } from "../visits/facts.ts";
import { recordable } from "../visits/recorder.ts";

const DAY = "2026-11-22";
const SETTINGS = { ...FIRST_SETTINGS, state: "DE" };

test("State and employer in question are the work that has to be covered", () => {
  assert.deepEqual(workOf(questionOf(SETTINGS, DAY, " FR 123 ")), { state: "DE", employers: ["FR 123"] });
  assert.deepEqual(workOf(questionOf(FIRST_SETTINGS, DAY, "FR 123")), { employers: ["FR 123"] });
  assert.deepEqual(workOf(questionOf(SETTINGS, DAY, "")), { state: "DE", employers: [] });
  assert.equal(workOf(questionOf(FIRST_SETTINGS, DAY, "")), undefined);
});

test("a care desk asks about no work", () => {
  assert.equal(workOf(questionOf({ ...SETTINGS, purpose: "care" }, DAY, "FR 123")), undefined);
});

test("a name is no identifier, and no document is held against it", () => {
  for (const name of ["Bau Test GmbH", "Test", "–", " "]) {
    assert.equal(identifierOf(name), "");
    assert.equal(questionOf(SETTINGS, DAY, name).employer, "");
  }
});

test("the identifier of the declared employer is found wherever it was written", () => {
  const site = { name: "Nord" };
  assert.equal(declaredIdentifier({ site, employerId: "FR 123", note: "Test" }), "FR 123");
  assert.equal(declaredIdentifier({ site, note: "99900000100019" }), "99900000100019");
  assert.equal(declaredIdentifier({ site, note: "Bau Test GmbH" }), "");
  assert.equal(declaredIdentifier(undefined), "");
});

test("a scan is asked for the employer of its moment, and its entry says so", async () => {
  const state = { configuration: null, knowledge: null, pack: null, clockOffset: null, settings: SETTINGS };
  const scans = new Scans({ state: () => state, now: () => 1_795_000_000 } as unknown as Device);
  scans.employer.set("FR 123");
  const first = scans.find(scans.take("PD1:ABC", "text"));
  scans.employer.set("");
  const later = scans.find(scans.take("PD1:ABC", "text"));
  const kept = async (scan: Scan | undefined) =>
    scan && (await recordable({ ...scan, outcome: { state: "failed", code: "internal" } }, "visit"));
  assert.deepEqual((await kept(first))?.body.work, { state: "DE", employers: ["FR 123"] });
  assert.deepEqual((await kept(later))?.body.work, { state: "DE", employers: [] });
  assert.notEqual((await kept(first))?.name, (await kept(later))?.name);
});

test("k10 a lock leaves no employer in question", () => {
  const scans = new Scans({ state: () => ({}), now: () => 1 } as unknown as Device);
  scans.employer.set("FR 123");
  scans.clear();
  assert.equal(scans.employer.state(), "");
});
