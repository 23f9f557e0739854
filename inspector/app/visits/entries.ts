/** What a visit is made of: entries that are only ever added, each with its place in the order of its visit. */
import type { Day, DeclaredWorker, Site, WorkAsked } from "../../core/index.ts";
import type { LeftVisit } from "./tables.ts";

export type EntryKind =
  | "visit_opened"
  | "scan"
  | "note"
  | "photo"
  | "roster"
  | "finding"
  | "compared"
  | "visit_closed";

/**
 * One entry as the service gets it, encrypted. `at` is in epoch seconds; `sequence` counts from 0 in each visit.
 */
export interface Entry<Body = unknown> {
  readonly version: 1;
  readonly visit: string;
  readonly entry: string;
  readonly sequence: number;
  readonly kind: EntryKind;
  readonly at: number;
  readonly body: Body;
}

/** Where and why the visit is made; `note` names the employer as declared, `employerId` is its identifier. */
export interface OpenedBody {
  readonly site: Site;
  readonly purpose?: string;
  readonly employerId?: string;
  readonly note?: string;
}

/** What a scanned document says as far as a visit needs it: never a personal number. */
export interface DocumentFacts {
  readonly kind: string;
  readonly number: string;
  readonly surname: string;
  readonly forenames: string;
  readonly birthDate: Day | "";
  readonly employerIds: readonly string[];
  readonly employerNames: readonly string[];
  readonly state: string;
  readonly countries: readonly string[];
  readonly first: Day | "";
  readonly last: Day | "";
  readonly institutionId: string;
}

/** One scan. `text` is what was read; the copy that stays readable on the device is without it. */
export interface ScanBody {
  readonly scan: string;
  readonly text: string;
  readonly verdict: string;
  readonly colour: string;
  readonly code?: string;
  readonly onDate: Day;
  readonly statusAsOf?: number;
  readonly packSequence?: number;
  readonly facts: DocumentFacts;
  readonly purpose: string;
  readonly kind?: string;
  readonly worker?: string;
  readonly nonce?: string;
  readonly transaction?: string;
  /** The work in question, as the document was judged for it. */
  readonly work?: WorkAsked;
}

export interface NoteBody {
  readonly text: string;
  readonly scan?: string;
}

/** A photo as base64: JPEG without any description of its own. */
export interface PhotoBody {
  readonly photo: string;
  readonly mediaType: "image/jpeg";
  readonly data: string;
  readonly caption?: string;
  readonly scan?: string;
}

/** The list of declared workers; a later list takes the place of an earlier one. */
export interface RosterBody {
  readonly workers: readonly DeclaredWorker[];
}

/** Something found: `code` is that of the roster check, or "own" for what the inspector says in `note` alone. */
export interface FindingBody {
  readonly code: string;
  readonly worker?: string;
  readonly scans?: readonly string[];
  readonly params?: Readonly<Record<string, string | number>>;
  readonly note?: string;
}

/** Whether the person is the one on the document, as the inspector saw it. */
export interface ComparedBody {
  readonly scan: string;
  readonly samePerson: boolean;
  readonly note?: string;
}

/** What the inspector said at the end. */
export interface ClosedBody {
  readonly note?: string;
}

/** `left`: a lock left it, and nobody went on with it yet. `continued`: what came before the lock is not here. */
export type VisitStage = "whole" | "continued" | "left";

/** A visit as its entries tell it. */
export interface Visit {
  readonly id: string;
  readonly stage: VisitStage;
  /** The place of the first entry that can be here. */
  readonly from: number;
  readonly opened: OpenedBody;
  readonly openedAt: number;
  readonly closedAt: number | null;
  readonly lastAt: number;
  readonly entries: readonly Entry[];
  readonly scans: readonly Entry<ScanBody>[];
  readonly compared: ReadonlyMap<string, Entry<ComparedBody>>;
  readonly roster: readonly DeclaredWorker[];
  readonly findings: readonly Entry<FindingBody>[];
}

const UNKNOWN: OpenedBody = { site: { name: "" } };

/** Return the visit that some entries tell; null when its opening is not among them, and no lock left it. */
export function visitOf(entries: readonly Entry[], left?: LeftVisit): Visit | null {
  const ordered = [...entries].sort((one, other) => one.sequence - other.sequence);
  const opening = ordered[0]?.kind === "visit_opened" ? (ordered[0] as Entry<OpenedBody>) : undefined;
  const id = opening?.visit ?? left?.visit;
  const openedAt = opening?.at ?? left?.openedAt;
  if (id === undefined || openedAt === undefined) return null;
  const ofKind = <Body>(kind: EntryKind) => ordered.filter((each) => each.kind === kind) as Entry<Body>[];
  const compared = ofKind<ComparedBody>("compared").map((each) => [each.body.scan, each] as const);
  return {
    id,
    stage: opening !== undefined ? "whole" : left?.resumed === true ? "continued" : "left",
    from: left?.next ?? 0,
    opened: opening?.body ?? UNKNOWN,
    openedAt,
    closedAt: ofKind("visit_closed")[0]?.at ?? null,
    lastAt: ordered[ordered.length - 1]?.at ?? openedAt,
    entries: ordered,
    scans: ofKind<ScanBody>("scan"),
    compared: new Map(compared),
    roster: ofKind<RosterBody>("roster").at(-1)?.body.workers ?? [],
    findings: ofKind<FindingBody>("finding"),
  };
}

/** Return the visits that entries tell, the one with the latest entry first. */
export function visitsOf(entries: readonly Entry[], left: readonly LeftVisit[] = []): Visit[] {
  const apart = Map.groupBy(entries, (each) => each.visit);
  const names = new Set([...apart.keys(), ...left.map(({ visit }) => visit)]);
  return [...names]
    .map((name) => visitOf(apart.get(name) ?? [], left.find(({ visit }) => visit === name)))
    .filter((visit) => visit !== null)
    .sort((one, other) => other.lastAt - one.lastAt || (one.id < other.id ? -1 : 1));
}

/** Return the entry as it may be read on the device: a scan without its text. */
export function readable(entry: Entry): Entry {
  if (entry.kind !== "scan") return entry;
  return { ...entry, body: { ...(entry.body as ScanBody), text: "" } };
}
