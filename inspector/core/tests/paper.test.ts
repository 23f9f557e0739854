/** A paper without a code: what speaks against it, whom to ask, and that nothing makes it better than that. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { type KnownInstitution, type TypedPaper, judgePaper } from "../index.ts";

const INSTITUTIONS: readonly KnownInstitution[] = [
  { id: "FR:TEST01", name: "Caisse de démonstration", country: "FR", credentialTypes: ["urn:eudi:pda1:1"] },
  { id: "FR:TEST02", name: "Mutuelle de démonstration", country: "FR", credentialTypes: ["urn:eudi:ehic:1"] },
  { id: "PL:TEST05", name: "Zakład przykładowy", country: "PL", credentialTypes: ["urn:eudi:pda1:1"] },
];
const GOOD: TypedPaper = {
  kind: "pda1",
  institutionId: "FR:TEST01",
  institutionName: "Caisse de demonstration",
  country: "FR",
  number: "FR-2026-000123",
  surname: "Exemple",
  forenames: "Camille",
  birthDate: "1990-02-03",
  issued: "2026-10-12",
  first: "2026-10-15",
  last: "2027-08-31",
  statusCode: "01",
  places: ["DE"],
};

function codes(change: Partial<TypedPaper>, onDate = "2026-11-22"): readonly string[] {
  const typed = { ...GOOD, institutionName: "Caisse de démonstration", ...change };
  return judgePaper(typed, { institutions: INSTITUTIONS, onDate }).findings.map(({ code }) => code);
}

test("a paper that fits together is still not authenticated", () => {
  const result = judgePaper(
    { ...GOOD, institutionName: "" },
    { institutions: INSTITUTIONS, onDate: "2026-11-22" },
  );
  assert.deepEqual(result.findings, []);
  assert.equal(result.verdict, "cannot_be_authenticated_here");
  assert.equal(result.colour, "amber");
});

const FAULTS: readonly (readonly [code: string, change: Partial<TypedPaper>, onDate?: string])[] = [
  ["field_missing", { surname: " " }],
  ["date_form", { last: "2027-02-30" }],
  ["text_form", { surname: "x".repeat(501) }],
  ["text_form", { forenames: "Camille\u2028Exemple" }],
  ["period_reversed", { last: "2026-10-01" }, "2026-10-15"],
  ["birth_date_impossible", { birthDate: "2026-10-16" }],
  ["birth_date_impossible", { birthDate: "1900-01-01" }],
  ["not_begun", {}, "2026-10-14"],
  ["ended", {}, "2027-09-01"],
  ["issued_later", { issued: "2026-11-23" }],
  ["issued_after_end", { last: "2026-10-30", issued: "2026-11-02" }],
  ["posting_too_long", { last: "2028-10-15" }],
  ["status_unknown", { statusCode: "13" }],
  ["posted_at_home", { places: ["DE", "FR"] }],
  ["one_state_only", { statusCode: "02" }],
  ["place_unknown", { places: ["US"] }],
  ["country_unknown", { country: "ZZ", institutionId: "FR:TEST01" }],
  ["institution_of_another_country", { country: "PL" }],
  ["institution_unusual", { institutionId: "CPAM 44" }],
  ["institution_not_known", { institutionId: "FR:TEST99" }],
  ["institution_issues_no_such", { institutionId: "FR:TEST02", institutionName: "" }],
  ["institution_name_differs", { institutionName: "Another name" }],
  ["number_form", { number: "--" }],
];

for (const [code, change, onDate] of FAULTS) {
  test(`${code}: ${JSON.stringify(change)}`, () => assert.ok(codes(change, onDate).includes(code)));
}

test("a posting of exactly two years is in order", () => {
  assert.deepEqual(codes({ first: "2026-10-15", last: "2028-10-14" }), []);
});

test("the State's older code is the same State", () => {
  assert.ok(
    !codes({ country: "EL", institutionId: "GR:TEST07", institutionName: "" }).includes(
      "institution_of_another_country",
    ),
  );
});

test("findings carry no value that was typed but dates", () => {
  const hostile = "<img src=x onerror=alert(1)>";
  const change = {
    surname: hostile,
    institutionName: hostile,
    number: hostile,
    institutionId: hostile,
    country: hostile,
  };
  const { findings } = judgePaper({ ...GOOD, ...change }, { institutions: INSTITUTIONS, onDate: "2026-11-22" });
  assert.ok(!JSON.stringify(findings).includes("onerror"));
});

test("who is asked: the institution named, else those of the State", () => {
  const ask = (change: Partial<TypedPaper>) =>
    judgePaper({ ...GOOD, ...change }, { institutions: INSTITUTIONS, onDate: "2026-11-22" }).askIssuer;
  assert.deepEqual(
    ask({}).institutions.map(({ id }) => id),
    ["FR:TEST01"],
  );
  assert.deepEqual(
    ask({ institutionId: "FR:TEST99" }).institutions.map(({ id }) => id),
    ["FR:TEST01", "FR:TEST02"],
  );
  assert.equal(ask({}).documentNumber, "FR-2026-000123");
  assert.equal(ask({ kind: "ehic" }).legalBasis, "");
});

test("a card has its own rules", () => {
  const card: TypedPaper = {
    kind: "ehic",
    institutionId: "FR:TEST02",
    number: "80250000001234567890",
    surname: "E",
    forenames: "C",
    birthDate: "1990-02-03",
    last: "2027-01-01",
  };
  const judged = (change: Partial<TypedPaper>) =>
    judgePaper({ ...card, ...change }, { institutions: INSTITUTIONS, onDate: "2026-11-22" }).findings.map(
      ({ code }) => code,
    );
  assert.deepEqual(judged({}), []);
  assert.deepEqual(judged({ number: "80 2500 0000 1234 567890" }), []);
  assert.deepEqual(judged({ number: "1234" }), ["card_number_unusual"]);
  assert.deepEqual(judged({ kind: "prc", first: "2026-11-01", number: "" }), []);
});
