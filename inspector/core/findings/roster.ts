/**
 * The roster check of a visit: declared workers against the documents that were scanned, and what does not fit.
 *
 * Pure: the same rules run on the server, held to the same vectors. Nothing here is a verdict on a document.
 */

import { levelled } from "../judging/policy.ts";
import { type Day, daysAfter } from "../layouts/days.ts";
import { declaredEmployer, employerFits } from "./employers.ts";
import type { EmployerFits } from "./employers.ts";
import { plain, siteKey } from "./sites.ts";

/** A worker as somebody declared: by the posting notice, a list of the site, or word of mouth. */
export interface DeclaredWorker {
  /** A name for this line, unique in the list. */
  readonly id: string;
  readonly surname: string;
  readonly forenames: string;
  readonly birthDate?: Day;
  readonly employerId?: string;
  readonly employerName?: string;
  /** The number of the A1 that was declared. */
  readonly number?: string;
  /** The declared period of work on the site, both days included. */
  readonly first?: Day;
  readonly last?: Day;
}

/** A document that was scanned on a visit, as its report shows it. */
export interface ScannedDocument {
  readonly scan: string;
  /** Name and address as `siteText` writes them. */
  readonly site: string;
  /** The declared worker whom the inspector matched it with, if somebody did. */
  readonly worker?: string;
  readonly kind: string;
  readonly verdict: string;
  readonly institutionId: string;
  readonly number?: string;
  readonly surname: string;
  readonly forenames: string;
  readonly birthDate?: Day;
  readonly employerIds: readonly string[];
  readonly employerNames: readonly string[];
  /** The period that the document covers; no end where it is left open. */
  readonly first?: Day;
  readonly last?: Day;
}

export type RosterCode =
  | "a1_missing"
  | "a1_not_relied_on"
  | "a1_on_two_sites"
  | "a1_for_two_persons"
  | "wrong_employer"
  | "employer_not_compared"
  | "days_not_covered"
  | "days_between_a1s"
  | "not_on_roster"
  | "match_ambiguous";

/** What only says that something was not looked at: a note, and no finding. */
export const ROSTER_NOTES: ReadonlySet<string> = new Set<RosterCode>(["employer_not_compared"]);

/** One thing that does not fit. `scans` and `worker` name what it is about. */
export interface RosterFinding {
  readonly code: RosterCode;
  readonly worker?: string;
  readonly scans: readonly string[];
  /** Days, sites or identifiers, by name. */
  readonly params: Readonly<Record<string, string | number>>;
}

export interface Roster {
  readonly site: string;
  /** The day of the visit. */
  readonly day: Day;
  readonly workers: readonly DeclaredWorker[];
  /** Scans of this visit, and of others that are compared with it. */
  readonly scans: readonly ScannedDocument[];
}

const A1 = "pda1";
/** Verdicts on a document that says what it says; a paper is compared with the person by eye. */
const RELIED_ON: ReadonlySet<string> = new Set(["authentic_in_force", "holder_not_proven"]);

type Matches = ReadonlyMap<string, readonly string[]>;

/** Return what does not fit at a site on a day: about each worker, then about documents. */
export function checkRoster({ site, day, workers, scans }: Roster): readonly RosterFinding[] {
  const a1s = scans.filter((each) => each.kind === A1);
  const here = a1s.filter((each) => isAt(each, site));
  const matches = new Map(here.map((each) => [each.scan, matching(each, workers)]));
  return [
    ...workers.flatMap((worker) => aboutWorker(worker, here, matches, day)),
    ...(workers.length === 0 ? [] : byA1(here).flatMap((each) => unmatched(each, matches))),
    ...sameDocument(a1s, site),
  ];
}

/** Return the workers whom a document fits: whom the inspector named, else by number, else by person. */
function matching(document: ScannedDocument, workers: readonly DeclaredWorker[]): readonly string[] {
  const ids = (fits: (worker: DeclaredWorker) => boolean) => workers.filter(fits).map(({ id }) => id);
  if (document.worker !== undefined) return ids(({ id }) => id === document.worker);
  const number = levelled(document.number ?? "");
  const byNumber = number === "" ? [] : ids((worker) => levelled(worker.number ?? "") === number);
  return byNumber.length > 0 ? byNumber : ids((worker) => isPerson(document, worker));
}

/** Tell whether names agree, letters and digits only, and no day of birth speaks against it. */
function isPerson(document: ScannedDocument, worker: DeclaredWorker): boolean {
  const namesAgree = same(document.surname, worker.surname) && same(document.forenames, worker.forenames);
  const days = new Set([document.birthDate, worker.birthDate].filter((each) => each !== undefined));
  return namesAgree && days.size <= 1;
}

function aboutWorker(
  worker: DeclaredWorker, here: readonly ScannedDocument[], matches: Matches, day: Day,
): readonly RosterFinding[] {
  const own = here.filter(({ scan }) => matches.get(scan)?.length === 1 && matches.get(scan)?.[0] === worker.id);
  if (own.length === 0) return [{ code: "a1_missing", worker: worker.id, scans: [], params: {} }];
  const relied = own.filter(({ verdict }) => RELIED_ON.has(verdict));
  if (relied.length === 0) return [{ code: "a1_not_relied_on", worker: worker.id, scans: idsOf(own), params: {} }];
  const employers = byA1(relied).flatMap((shown) => aboutEmployer(worker, shown));
  return [...employers, ...aboutDays(worker, relied, day)];
}

/** Return what the scans of one A1 say of the employer: another one, or nothing that can be compared. */
function aboutEmployer(worker: DeclaredWorker, shown: readonly ScannedDocument[]): readonly RosterFinding[] {
  const declared = declaredEmployer(worker.employerId ?? "", worker.employerName ?? "");
  const params = { employer: declared.id || declared.name };
  const told = shown.map((each) => [each, employerFits(declared, each)] as const);
  const found = (code: RosterCode, fits: EmployerFits): readonly RosterFinding[] => {
    const scans = told.filter(([, each]) => each === fits).map(([{ scan }]) => scan);
    return scans.length === 0 ? [] : [{ code, worker: worker.id, scans, params }];
  };
  const wrong = found("wrong_employer", "differs");
  const isCompared = told.some(([, fits]) => fits === "agrees" || fits === "differs");
  return isCompared ? wrong : found("employer_not_compared", "not_compared");
}

/** Return the scans of each A1 together; a document without a number stands for itself. */
function byA1(documents: readonly ScannedDocument[]): readonly (readonly ScannedDocument[])[] {
  const keyOf = ({ scan, institutionId, number }: ScannedDocument): string =>
    levelled(number ?? "") === "" ? `scan ${scan}` : `a1 ${institutionId} ${levelled(number ?? "")}`;
  return [...Map.groupBy(documents, keyOf).values()];
}

/** Return the first declared days that no A1 covers, told apart by whether they lie between two. */
function aboutDays(
  worker: DeclaredWorker,
  relied: readonly ScannedDocument[],
  day: Day,
): readonly RosterFinding[] {
  const first = worker.first ?? worker.last ?? day;
  const last = worker.last ?? worker.first ?? day;
  const covering = relied.filter(isCovering).toSorted(byStart);
  const days = uncovered(first, last, covering);
  if (days === null) return [];
  const isBefore = covering.some((each) => (each.last ?? days.last) < days.first);
  const isBetween = isBefore && covering.some((each) => each.first > days.last);
  const code = isBetween ? "days_between_a1s" : "days_not_covered";
  return [{ code, worker: worker.id, scans: idsOf(relied), params: days }];
}

type Covering = ScannedDocument & { readonly first: Day };

function byStart(one: Covering, other: Covering): number {
  return compared(one.first, other.first) || compared(one.scan, other.scan);
}

function isCovering(document: ScannedDocument): document is Covering {
  return document.first !== undefined;
}

/**
 * Return the first stretch of days within `first` to `last` that none covers; documents in order of their start.
 */
function uncovered(first: Day, last: Day, covering: readonly Covering[]): { first: Day; last: Day } | null {
  let next = first;
  for (const document of covering) {
    if (document.first > next) break;
    if (document.last === undefined) return null;
    const after = daysAfter(document.last, 1);
    if (after > next) next = after;
  }
  if (next > last) return null;
  const following = covering.map((each) => each.first).find((start) => start > next);
  const end = following === undefined ? last : daysAfter(following, -1);
  return { first: next, last: end < last ? end : last };
}

/** Return an A1 that fits nobody on the list, or several. */
function unmatched(shown: readonly ScannedDocument[], matches: Matches): readonly RosterFinding[] {
  const countOf = ({ scan }: ScannedDocument): number => matches.get(scan)?.length ?? 0;
  const [none, several] = [shown.filter((each) => countOf(each) === 0), shown.filter((each) => countOf(each) > 1)];
  const workers = Math.max(0, ...several.map(countOf));
  return [
    ...(none.length === 0 ? [] : [{ code: "not_on_roster", scans: idsOf(none), params: {} } as const]),
    ...(workers === 0 ? [] : [{ code: "match_ambiguous", scans: idsOf(several), params: { workers } } as const]),
  ];
}

/** Return each document that was shown on two sites or for two persons, this site among them. */
function sameDocument(a1s: readonly ScannedDocument[], site: string): readonly RosterFinding[] {
  const numbered = a1s.filter(({ number }) => levelled(number ?? "") !== "");
  const byNumber = Map.groupBy(
    numbered,
    ({ institutionId, number }) => `${institutionId} ${levelled(number ?? "")}`,
  );
  const shownHere = [...byNumber.values()].filter((shown) => shown.some((each) => isAt(each, site)));
  return shownHere.flatMap((shown) => aboutDocument(shown, site));
}

function aboutDocument(shown: readonly ScannedDocument[], site: string): readonly RosterFinding[] {
  const number = shown[0]?.number ?? "";
  const scans = idsOf(shown);
  const elsewhere = shown.filter((each) => !isAt(each, site)).toReversed();
  const others = [...new Map(elsewhere.map((each) => [siteKey(each.site), each.site])).values()].toSorted(
    compared,
  );
  const found: RosterFinding[] = [];
  if (others.length > 0)
    found.push({ code: "a1_on_two_sites", scans, params: { number, sites: others.join("; ") } });
  if (personsOf(shown, site) > 1) found.push({ code: "a1_for_two_persons", scans, params: { number } });
  return found;
}

/**
 * Return how many persons a document was shown for: by the match, or by what it says of its person.
 *
 * Lines of a list are numbered for one site; a day of birth that was not shown tells nobody apart.
 */
function personsOf(shown: readonly ScannedDocument[], site: string): number {
  const matched = new Set(shown.filter((each) => isAt(each, site)).map(({ worker }) => worker));
  matched.delete(undefined);
  const named = shown.filter(({ surname, forenames }) => surname !== "" || forenames !== "");
  const byName = Map.groupBy(named, ({ surname, forenames }) => `${plain(surname)} ${plain(forenames)}`);
  const births = [...byName.values()].map(
    (each) => new Set(each.flatMap(({ birthDate }) => birthDate ?? [])).size,
  );
  return Math.max(
    matched.size,
    births.reduce((sum, count) => sum + Math.max(1, count), 0),
  );
}

function isAt(document: ScannedDocument, site: string): boolean {
  return siteKey(document.site) === siteKey(site);
}

function idsOf(documents: readonly ScannedDocument[]): readonly string[] {
  return documents.map(({ scan }) => scan);
}

function compared(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function same(one: string, other: string): boolean {
  return plain(one) !== "" && plain(one) === plain(other);
}
