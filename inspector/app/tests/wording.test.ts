import assert from "node:assert/strict";
import { test } from "node:test";

import { LAYOUTS } from "../../core/generated/layouts.ts";
import type { Check, JsonObject, Report, Verdict } from "../../core/index.ts";
import { colourOf } from "../../core/index.ts";
import { factsOf, NAME_CLAIMS, NAMELESS_LAYOUTS, namesNobody } from "../scans/facts.ts";
import { cautioned, comparable } from "../scans/judging.ts";
import type { Judgement } from "../scans/judging.ts";
import type { Scan } from "../scans/scans.ts";
import { wordingOf } from "../scans/wording.ts";
import type { Question } from "../session/question.ts";

const QUESTION: Question = { purpose: "inspection", onDate: "2026-11-22", state: "", employer: "" };
const NOT_COMPARED = { compared: null } as unknown as Scan;
const PERSON: JsonObject = { person: { surnames: "Test", forenames: "Data" } };
const CHECK: Check = { id: "status", outcome: "fail", code: "", clause: "", params: {} };

function judged(verdict: Verdict, check: Partial<Check> | null, report: Partial<Report> = {}): Judgement {
  const deciding = check === null ? null : { ...CHECK, ...check };
  const made: Report = {
    carrier: "presentation",
    checks: deciding === null ? [] : [deciding],
    verdict,
    colour: colourOf(verdict),
    decidingCheck: deciding,
    asOf: 1,
    onDate: QUESTION.onDate,
    policyId: "",
    policyVersion: "",
    institutionId: null,
    credentialType: null,
    kind: "pda1",
    layout: "pda1-webuild",
    claims: {},
    record: PERSON,
    deviations: [],
    statusAsOf: null,
    packSequence: 1,
    ...report,
  };
  return cautioned([made], QUESTION, { caution: null, packAsOf: 1 });
}

const words = (judgement: Judgement) => wordingOf(NOT_COMPARED, judgement);

test("a withdrawal says from which day, for what cause, and what follows", () => {
  const params = { effective_from: "2026-11-02", cause: "replaced", successor: "rec-7" };
  for (const code of ["revoked", "withdrawn_during_work"]) {
    const { reason } = words(judged("withdrawn_or_replaced", { code, params }));
    assert.match(reason, /Without effect from 2 November 2026 on\./);
    assert.match(reason, /Cause: replaced by another document\. Reference of its successor: rec-7$/);
  }
});

test("a withdrawal of which nothing is known but itself says no more", () => {
  const params = { effective_from: "-", cause: "-", successor: "-" };
  const { reason } = words(judged("withdrawn_or_replaced", { code: "revoked", params }));
  assert.equal(reason, "The institution withdrew or replaced the document.");
});

test("k04 a successor with hidden marks shows them", () => {
  const params = { effective_from: "2026-11-02", cause: "new", successor: "a\u202eb" };
  const { reason } = words(judged("withdrawn_or_replaced", { code: "revoked", params }));
  assert.match(reason, /successor: a\ufffdb$/);
  assert.doesNotMatch(reason, /Cause/);
});

test("not begun and ended have actions of their own, with their day", () => {
  const began = judged("not_in_force_on_date", { code: "coverage_not_started", params: { first: "2026-12-01" } });
  const ended = judged("not_in_force_on_date", { code: "coverage_ended", params: { last: "2026-10-31" } });
  const expired = judged("not_in_force_on_date", { code: "document_expired", params: { last: "2026-10-31" } });
  assert.match(words(began).action, /begins on 1 December 2026\. Ask which document applies until then/);
  assert.match(words(ended).action, /ended on 31 October 2026\./);
  assert.match(words(expired).action, /^An expired copy/);
});

test("a proof of application is told with its day, on every device, and is never completed by eye", () => {
  const record = {
    reference: "A1-1", filed_on: "2026-11-21", filed_time: "16:42", urgent: true,
    person: PERSON["person"] ?? {}, employer: { name: "Test", id: "T1" },
    asked: { kind: "a1", state: "FR", states_of_work: ["DE"], start: "2026-11-23" },
  };
  const undecided = {
    id: "coverage_period", outcome: "unknown", code: "not_decided", params: { filed_on: "2026-11-21" },
  } as const;
  const report = { carrier: "seal", kind: "application", layout: "seal-application", record } as const;
  const judgement = judged("applied_not_decided", undecided, report);
  const told = words(judgement);
  assert.deepEqual([told.colour, told.headline, told.reason], ["amber", "Applied for, not decided", ""]);
  assert.match(told.sentence, /no certificate.*filed on 21 November 2026;.*not proven/);
  assert.match(told.action, /Two months/);
  assert.equal(comparable(judgement), false);
  const old = cautioned(judgement.reports, QUESTION, { caution: "pack_old", packAsOf: 1 });
  assert.deepEqual([words(old).headline, words(old).sentence], [told.headline, told.sentence]);
  assert.match(words(old).reason, /trust data on this device are too old/);
  const ended = words(judged("withdrawn_or_replaced", { code: "revoked" }, report));
  assert.deepEqual([ended.colour, ended.headline], ["red", "Application no longer open"]);
  const over = words(judged("not_in_force_on_date", { id: "technical_validity", code: "expired" }, report));
  assert.match(over.action, /^This proof of application has run out/);
});

test("nothing that was asked for is shown as decided", () => {
  const asked = { kind: "a1", state: "FR", states_of_work: ["DE"], start: "2026-11-23", end: "2027-05-22" };
  const record = { reference: "A1-1", filed_on: "2026-11-21", filed_time: "16:42", asked };
  const report = { carrier: "seal", kind: "application", layout: "seal-application", record } as const;
  const [facts] = judged("applied_not_decided", { code: "not_decided" }, report).reports.map(factsOf);
  assert.deepEqual([facts?.first, facts?.last, facts?.legislation, facts?.statesOfWork], ["", "", "", []]);
  assert.deepEqual(facts?.asked, {
    filedOn: "2026-11-21", filedTime: "16:42", legislation: "FR", statesOfWork: ["DE"],
    first: "2026-11-23", last: "2027-05-22", urgent: false,
  });
  assert.deepEqual([facts?.number, facts?.employers], ["A1-1", []]);
  assert.equal(judged("authentic_in_force", null).reports.map(factsOf)[0]?.asked, null);
});

test("a document that names nobody says so, and how to link it with the person", () => {
  const nobody = { layout: "pda1-dc4eu-a", record: {} };
  const green = words(judged("authentic_in_force", null, nobody));
  assert.equal(green.colour, "green");
  assert.match(green.sentence, /names nobody/);
  assert.match(green.action, /full check/);
  for (const code of ["kb_unsolicited", "kb_not_asked"]) {
    const open = judged("holder_not_proven", { id: "key_binding", outcome: "unknown", code }, nobody);
    assert.match(words(open).action, /Nobody can be compared.*full check/);
  }
  const named = judged("holder_not_proven", { id: "key_binding", outcome: "unknown", code: "kb_unsolicited" });
  assert.match(words(named).action, /Compare/);
});

test("an A1 that names nobody is linked by the identity data beside it", () => {
  const a1 = judged("authentic_in_force", null, { layout: "pda1-dc4eu-a", record: {} });
  const identity = { kind: "pid", layout: "pid-eudi", record: { family_name: "T" } };
  const pid = judged("authentic_in_force", null, identity);
  const both = { ...a1, reports: [...a1.reports, ...pid.reports] };
  assert.doesNotMatch(words(both).action, /full check/);
});

test("a name that cannot be read is told, and nobody is compared by what is left", () => {
  const open = { id: "key_binding", outcome: "unknown", code: "kb_unsolicited" } as const;
  const strange = { code: "claim_not_in_form", claim: "subject.names.surnames", expected: "" };
  const judgement = judged("holder_not_proven", open, { record: {}, deviations: [strange] });
  const [facts] = judgement.reports.map(factsOf);
  assert.deepEqual(facts?.unreadable, ["surnames"]);
  assert.equal(facts !== undefined && namesNobody(facts), false);
  assert.equal(comparable(judgement), false);
  assert.equal(comparable(judged("holder_not_proven", open)), true);
  assert.match(words(judgement).action, /cannot be read here/);
});

test("every layout is known by whether it has names, and where", () => {
  const isName = (field: readonly unknown[] | null): boolean =>
    ["surnames", "family_name", "forenames", "given_name"].includes(String(field?.at(-1)));
  for (const { id, rows } of LAYOUTS) {
    const names = rows.filter(([, field]) => isName(field));
    assert.equal(names.length === 0, NAMELESS_LAYOUTS.has(id), id);
    for (const [path, field] of names) {
      const part = /surname|family/.test(String(field?.at(-1))) ? "surnames" : "forenames";
      for (const step of path.filter((each) => each !== "content")) {
        assert.ok(NAME_CLAIMS[String(step)]?.includes(part), `${id}: ${path.join(".")}`);
      }
    }
  }
});
