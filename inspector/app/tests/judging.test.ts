import assert from "node:assert/strict";
import { test } from "node:test";

import type { Check, Report, Verdict } from "../../core/index.ts";
import { colourOf } from "../../core/index.ts";
import { cautioned, completable } from "../scans/judging.ts";
import type { Question } from "../session/question.ts";

const QUESTION: Question = { purpose: "inspection", onDate: "2026-11-22", state: "", employer: "" };
const SURE = { caution: null, packAsOf: 1 } as const;

function report(verdict: Verdict, binding: Partial<Check> = {}): Report {
  const check: Check = {
    id: "key_binding",
    outcome: "pass",
    code: "key_binding_ok",
    clause: "",
    params: {},
    ...binding,
  };
  return {
    carrier: "seal",
    checks: [check],
    verdict,
    colour: colourOf(verdict),
    decidingCheck: verdict === "authentic_in_force" ? null : check,
    asOf: 1,
    onDate: QUESTION.onDate,
    policyId: "",
    policyVersion: "",
    institutionId: null,
    credentialType: null,
    kind: "pda1",
    layout: null,
    claims: {},
    record: {},
    deviations: [],
    statusAsOf: null,
    packSequence: 1,
  };
}

test("what the core found stands where nothing is known against the device", () => {
  assert.equal(cautioned([report("authentic_in_force")], QUESTION, SURE).colour, "green");
});

test("k06 old trust data never show green, and do not say authentic and in force of a seal", () => {
  for (const verdict of ["authentic_in_force", "holder_not_proven", "status_not_known"] as const) {
    const judged = cautioned([report(verdict)], QUESTION, { caution: "pack_old", packAsOf: 1 });
    assert.deepEqual([judged.verdict, judged.colour, judged.code], ["status_not_known", "amber", "pack_old"]);
    assert.equal(completable(judged), false);
  }
});

test("k06 old trust data do not hide what speaks against a document", () => {
  const judged = cautioned([report("withdrawn_or_replaced")], QUESTION, { caution: "pack_old", packAsOf: 1 });
  assert.equal(judged.verdict, "withdrawn_or_replaced");
});

test("k07 a stored copy without a holder's signature proves no holder", () => {
  const copy = report("authentic_in_force", { outcome: "not_applicable", code: "kb_not_asked" });
  const judged = cautioned([copy], QUESTION, SURE);
  assert.deepEqual([judged.verdict, judged.colour, judged.code], ["holder_not_proven", "amber", "kb_not_asked"]);
});

test("a person completes what is not proven, never what failed", () => {
  const open = cautioned(
    [report("holder_not_proven", { outcome: "unknown", code: "seal_not_bound" })],
    QUESTION,
    SURE,
  );
  const failed = cautioned([report("holder_not_proven", { outcome: "fail", code: "kb_invalid" })], QUESTION, SURE);
  assert.deepEqual([completable(open), completable(failed)], [true, false]);
});
