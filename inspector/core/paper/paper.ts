/**
 * A paper without any code: what a person typed off it, checked for form and for consistency with what the trust
 * pack knows. Whatever is found, such a paper cannot be authenticated here: the best result says so.
 */

import { PDA1_STATES, STATUS_CODES, TYPES_OF_SEAL } from "../generated/catalogue.ts";
import { levelled } from "../judging/policy.ts";
import { type Day, isDay, utcDay } from "../layouts/days.ts";
import { canonicalCountry } from "../layouts/forms.ts";

export type PaperKind = "pda1" | "ehic" | "prc";

/** What was typed; a field that the paper does not show is left out. */
export interface TypedPaper {
  readonly kind: PaperKind;
  readonly institutionId?: string;
  readonly institutionName?: string;
  readonly country?: string;
  readonly number?: string;
  readonly surname?: string;
  readonly forenames?: string;
  readonly birthDate?: string;
  readonly issued?: string;
  readonly first?: string;
  readonly last?: string;
  /** Code of the confirmed situation, 01 to 12. */
  readonly statusCode?: string;
  /** Codes of the countries of work. */
  readonly places?: readonly string[];
  readonly employer?: string;
}

/** An institution as a trust pack knows it. */
export interface KnownInstitution {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly credentialTypes: readonly string[];
}

export type PaperField = keyof TypedPaper;

/** Something about the paper: `problem` speaks against it, `remark` asks for a look. */
export interface PaperFinding {
  readonly weight: "problem" | "remark";
  readonly code: string;
  readonly field: PaperField;
  readonly params: Readonly<Record<string, string | number>>;
}

export interface PaperResult {
  /** Never better than that. */
  readonly verdict: "cannot_be_authenticated_here";
  readonly colour: "amber";
  readonly findings: readonly PaperFinding[];
  /** Whom to ask: the institution that the paper names where it is known, else those of its country. */
  readonly askIssuer: {
    readonly institutions: readonly KnownInstitution[];
    readonly documentNumber: string | null;
    /** The procedure of Regulation (EC) 987/2009 art. 5(2) for an A1. */
    readonly legalBasis: string;
  };
}

/** What `judgePaper` judges by. */
export interface PaperQuestion {
  readonly institutions: readonly KnownInstitution[];
  readonly onDate: Day;
}

const LEGAL_BASIS = "Regulation (EC) No 987/2009, Article 5(2)";
const LONGEST = 500;
const INSTITUTION = /^[A-Z]{2}:[A-Za-z0-9]{4,10}$/;
/** Situations 01 and 03 are postings, which are foreseen for 24 months. Regulation (EC) 883/2004 art. 12. */
const POSTINGS: ReadonlySet<string> = new Set(["01", "03"]);
const POSTING_MONTHS = 24;
/** Situations that are about work in one other State, and those that need more than one. */
const ONE_STATE: ReadonlySet<string> = new Set(["01", "03"]);
const SEVERAL_STATES: ReadonlySet<string> = new Set(["02", "04", "08", "09"]);
/** A replacement certificate is for a stay, not for a year. Decision S1 of the Administrative Commission. */
const LONGEST_LIFE = 110;

type Rule = (typed: TypedPaper, question: PaperQuestion) => readonly PaperFinding[];

/**
 * Return what speaks against a paper or asks for a look, and whom to ask.
 *
 * Nothing found is no proof: a forger writes correct dates as well. The result is never better than "cannot be
 * authenticated here". Values of the paper are not in the findings; `field` names where each stands.
 */
export function judgePaper(typed: TypedPaper, question: PaperQuestion): PaperResult {
  return {
    verdict: "cannot_be_authenticated_here",
    colour: "amber",
    findings: RULES.flatMap((rule) => rule(typed, question)),
    askIssuer: {
      institutions: institutionsToAsk(typed, question.institutions),
      documentNumber: filled(typed.number),
      legalBasis: typed.kind === "pda1" ? LEGAL_BASIS : "",
    },
  };
}

const DATES: readonly PaperField[] = ["birthDate", "issued", "first", "last"];
const TEXTS: readonly PaperField[] = ["number", "surname", "forenames", "employer", "institutionName"];
const DEMANDED: Readonly<Record<PaperKind, readonly PaperField[]>> = {
  pda1: ["institutionId", "number", "surname", "forenames", "birthDate", "first", "statusCode", "places"],
  ehic: ["institutionId", "number", "surname", "forenames", "birthDate", "last"],
  prc: ["institutionId", "surname", "forenames", "birthDate", "first", "last"],
};

const RULES: readonly Rule[] = [
  missing, datesInForm, textsInForm, periodInOrder, birthBefore, onTheDay, issuedBeforeDay, postingTooLong,
  statusInForm, statusFitsPlaces, placesInForm, countryInForm, institutionInForm, institutionKnown, numberInForm,
];

function missing(typed: TypedPaper): readonly PaperFinding[] {
  const fields = DEMANDED[typed.kind].filter((field) => isEmpty(typed[field]));
  return fields.map((field) => remark("field_missing", field));
}

function datesInForm(typed: TypedPaper): readonly PaperFinding[] {
  const wrong = DATES.filter((field) => filled(typed[field]) !== null && !isDay(typed[field]));
  return wrong.map((field) => problem("date_form", field));
}

function textsInForm(typed: TypedPaper): readonly PaperFinding[] {
  const wrong = TEXTS.filter((field) => {
    const text = filled(typed[field]);
    return text !== null && (text.length > LONGEST || /[\p{Cc}\u2028\u2029]/u.test(text));
  });
  return wrong.map((field) => problem("text_form", field));
}

function periodInOrder({ first, last }: TypedPaper): readonly PaperFinding[] {
  return isDay(first) && isDay(last) && last < first ? [problem("period_reversed", "last", { first, last })] : [];
}

function birthBefore(
  { birthDate, first, issued }: TypedPaper,
  { onDate }: PaperQuestion,
): readonly PaperFinding[] {
  if (!isDay(birthDate)) return [];
  const isAfter = [first, issued, onDate].some((each) => isDay(each) && birthDate > each);
  const isTooOld = Number(birthDate.slice(0, 4)) < Number(onDate.slice(0, 4)) - LONGEST_LIFE;
  return isAfter || isTooOld ? [problem("birth_date_impossible", "birthDate")] : [];
}

function onTheDay({ first, last }: TypedPaper, { onDate }: PaperQuestion): readonly PaperFinding[] {
  if (isDay(first) && onDate < first) return [problem("not_begun", "first", { first, day: onDate })];
  return isDay(last) && onDate > last ? [problem("ended", "last", { last, day: onDate })] : [];
}

function issuedBeforeDay({ issued, kind, last }: TypedPaper, { onDate }: PaperQuestion): readonly PaperFinding[] {
  if (!isDay(issued)) return [];
  if (issued > onDate) return [problem("issued_later", "issued", { issued, day: onDate })];
  const isAfterEnd = kind === "pda1" && isDay(last) && issued > last;
  return isAfterEnd ? [remark("issued_after_end", "issued", { issued, last })] : [];
}

function postingTooLong({ kind, statusCode, first, last }: TypedPaper): readonly PaperFinding[] {
  if (kind !== "pda1" || !POSTINGS.has(statusCode ?? "") || !isDay(first) || !isDay(last)) return [];
  const isTooLong = last >= monthsAfter(first, POSTING_MONTHS);
  return isTooLong ? [problem("posting_too_long", "last", { months: POSTING_MONTHS })] : [];
}

function statusInForm({ kind, statusCode }: TypedPaper): readonly PaperFinding[] {
  const code = kind === "pda1" ? filled(statusCode) : null;
  return code === null || STATUS_CODES.includes(code) ? [] : [problem("status_unknown", "statusCode")];
}

function statusFitsPlaces({ kind, statusCode = "", places = [], country }: TypedPaper): readonly PaperFinding[] {
  if (kind !== "pda1" || places.length === 0) return [];
  const states = new Set(places.map(canonical));
  const isAtHome = states.has(canonical(country ?? ""));
  if (ONE_STATE.has(statusCode) && isAtHome) return [problem("posted_at_home", "places")];
  if (SEVERAL_STATES.has(statusCode) && states.size < 2) return [remark("one_state_only", "places")];
  return [];
}

function placesInForm({ kind, places = [] }: TypedPaper): readonly PaperFinding[] {
  const isWrong = kind === "pda1" && places.some((place) => !PDA1_STATES.includes(canonical(place)));
  return isWrong ? [problem("place_unknown", "places")] : [];
}

function countryInForm({ country }: TypedPaper): readonly PaperFinding[] {
  const code = filled(country);
  return code === null || PDA1_STATES.includes(canonical(code)) ? [] : [problem("country_unknown", "country")];
}

function institutionInForm({ institutionId, country }: TypedPaper): readonly PaperFinding[] {
  const id = filled(institutionId);
  if (id === null) return [];
  if (!INSTITUTION.test(id)) return [remark("institution_unusual", "institutionId")];
  const differs = filled(country) !== null && canonical(id.slice(0, 2)) !== canonical(country ?? "");
  return differs ? [problem("institution_of_another_country", "institutionId")] : [];
}

/** An institution that the pack does not know may exist all the same: national lists are never whole. */
function institutionKnown(typed: TypedPaper, { institutions }: PaperQuestion): readonly PaperFinding[] {
  const id = filled(typed.institutionId);
  if (id === null) return [];
  const known = institutions.find((each) => sameId(each.id, id));
  if (known === undefined) return [remark("institution_not_known", "institutionId")];
  const findings = [];
  const issues = known.credentialTypes.some((type) => TYPES_OF_SEAL[typed.kind]?.includes(type));
  if (!issues) findings.push(remark("institution_issues_no_such", "institutionId"));
  const name = filled(typed.institutionName);
  const differs = name !== null && levelled(name) !== levelled(known.name);
  if (differs) findings.push(remark("institution_name_differs", "institutionName"));
  return findings;
}

/** A card's number has twenty digits and begins with 80 and the number of the State. Decision S2 annex II. */
function numberInForm({ kind, number }: TypedPaper): readonly PaperFinding[] {
  const text = filled(number);
  if (text === null) return [];
  if (kind === "pda1") return levelled(text) === "" ? [problem("number_form", "number")] : [];
  const digits = text.replace(/[\s-]/g, "");
  return /^80[0-9]{18}$/.test(digits) ? [] : [remark("card_number_unusual", "number")];
}

function institutionsToAsk(
  typed: TypedPaper,
  institutions: readonly KnownInstitution[],
): readonly KnownInstitution[] {
  const named = institutions.filter(({ id }) => sameId(id, typed.institutionId ?? ""));
  if (named.length > 0) return named;
  const country = canonical(filled(typed.country) ?? (typed.institutionId ?? "").slice(0, 2));
  return institutions.filter((each) => canonical(each.country) === country);
}

function monthsAfter(day: Day, months: number): Day {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const target = new Date(Date.UTC(year, month - 1 + months, 1));
  const longest = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  target.setUTCDate(Math.min(date, longest));
  return utcDay(target.getTime() / 1000);
}

function canonical(country: string): string {
  return canonicalCountry(country.trim().toUpperCase());
}

function sameId(one: string, other: string): boolean {
  return levelled(one) !== "" && levelled(one) === levelled(other);
}

function filled(value: TypedPaper[PaperField]): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

function isEmpty(value: TypedPaper[PaperField]): boolean {
  return Array.isArray(value) ? value.length === 0 : filled(value) === null;
}

function problem(code: string, field: PaperField, params: PaperFinding["params"] = {}): PaperFinding {
  return { weight: "problem", code, field, params };
}

function remark(code: string, field: PaperField, params: PaperFinding["params"] = {}): PaperFinding {
  return { weight: "remark", code, field, params };
}
