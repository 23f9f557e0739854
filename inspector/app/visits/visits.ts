/** The visits as screens see them: one state, the acts of an inspector, and what is not yet synchronised. */
import type { DeclaredWorker, RosterFinding } from "../../core/index.ts";
import { Watch } from "../session/watching.ts";
import type { Scan } from "../scans/scans.ts";
import type { EntryKind, FindingBody, OpenedBody, Visit } from "./entries.ts";
import { Outbox } from "./outbox.ts";
import { base64Of, smallPhoto } from "./photos.ts";
import { recordable } from "./recorder.ts";
import { putEntry, Synchroniser } from "./sync.ts";
import type { Send, SyncStatus } from "./sync.ts";
import type { VisitDatabase } from "./tables.ts";
import { VisitStore } from "./visit_store.ts";
import type { Sealed } from "./visit_store.ts";
import type { Entry } from "./entries.ts";

export interface VisitsState {
  /** The one with the latest entry first. */
  readonly visits: readonly Visit[];
  /** The open visit that scans are recorded into; null while there is none. */
  readonly current: string | null;
  readonly sync: SyncStatus;
  /** The code of what went wrong at last with recording; empty when nothing did. */
  readonly problem: string;
}

/** What visits need of the device. */
export interface Ground {
  readonly database: () => Promise<VisitDatabase>;
  readonly seal: (entry: Entry) => Promise<Sealed>;
  readonly now: () => number;
  readonly send?: Send;
}

const NOTHING: VisitsState = {
  visits: [],
  current: null,
  sync: { state: "idle", waiting: 0, refused: 0, refusals: [] },
  problem: "",
};

export class Visits extends Watch<VisitsState> {
  readonly #ground: Ground;
  readonly #store: VisitStore;
  readonly #sync: Synchroniser;
  #chosen: string | null = null;
  #era = 0;

  constructor(ground: Ground) {
    super(NOTHING);
    this.#ground = ground;
    this.#store = new VisitStore(ground.database, ground.seal);
    this.#sync = new Synchroniser(new Outbox(ground.database), ground.send ?? putEntry, () => void this.refresh());
    this.#store.subscribe(() => void this.refresh());
  }

  /** Read what is there, and send what waits whenever the network comes back. */
  async start(): Promise<void> {
    addEventListener("online", () => void this.#sync.nudge());
    await this.refresh();
    void this.#sync.nudge();
  }

  /** Forget what was read: the device is wiped. What waits as ciphertext goes on being sent. */
  forget(): void {
    this.#era += 1;
    this.#store.forget();
    this.set({ ...this.state(), visits: [], current: null, problem: "" });
  }

  /** Read everything anew. */
  async refresh(): Promise<void> {
    const era = this.#era;
    const visits = await this.#store.visits();
    const sync = await this.#sync.status();
    if (era !== this.#era) return;
    const open = visits.filter((visit) => visit.closedAt === null && visit.stage !== "left");
    const current = open.find((visit) => visit.id === this.#chosen) ?? open[0];
    this.set({ ...this.state(), visits, current: current?.id ?? null, sync });
  }

  /** Go on with what a lock left: with one visit, or with all. */
  async resume(visit?: string): Promise<void> {
    await this.#store.resume(visit);
    if (visit !== undefined) this.choose(visit);
  }

  /** Record scans into this visit from now on. */
  choose(visit: string): void {
    this.#chosen = visit;
    void this.refresh();
  }

  async open(body: OpenedBody): Promise<string> {
    const visit = await this.#told(this.#store.open(body, this.#ground.now()));
    this.choose(visit);
    void this.#sync.nudge();
    return visit;
  }

  async note(visit: string, text: string): Promise<void> {
    await this.#add(visit, "note", { text });
  }

  /** Add a photo, made small and without metadata. Rejects with PhotoProblem. */
  async photo(visit: string, file: Blob, caption: string): Promise<void> {
    const data = await base64Of(await smallPhoto(file));
    const described = caption === "" ? {} : { caption };
    await this.#add(visit, "photo", { photo: crypto.randomUUID(), mediaType: "image/jpeg", data, ...described });
  }

  async roster(visit: string, workers: readonly DeclaredWorker[]): Promise<void> {
    await this.#add(visit, "roster", { workers });
  }

  /** Record something that the check of the list found, with what the inspector says about it. */
  async found(visit: string, finding: RosterFinding, note: string): Promise<void> {
    await this.finding(visit, {
      code: finding.code,
      scans: finding.scans,
      params: finding.params,
      ...(finding.worker === undefined ? {} : { worker: finding.worker }),
      ...(note === "" ? {} : { note }),
    });
  }

  async finding(visit: string, body: FindingBody): Promise<void> {
    await this.#add(visit, "finding", body);
  }

  async close(visit: string, note: string): Promise<void> {
    await this.#add(visit, "visit_closed", note === "" ? {} : { note });
  }

  /** Record a scan that has its outcome, and whether the person was compared, into the current visit. */
  async record(scan: Scan): Promise<void> {
    const visit = this.state().current;
    const from = this.state().visits.find((each) => each.id === visit)?.from ?? 0;
    const kept = visit === null ? null : await recordable(scan, visit, from);
    if (visit === null || kept === null) return;
    try {
      await this.#add(visit, "scan", kept.body, kept.at, kept.name);
      const before = (await this.#store.visit(visit))?.compared.get(kept.name);
      if (kept.compared !== null && before?.body.samePerson !== kept.compared.samePerson) {
        await this.#add(visit, "compared", kept.compared);
      }
    } catch {
      return; // the state says why
    }
  }

  /** Send now what waits, and try again what was refused. */
  async synchronise(): Promise<void> {
    await this.#sync.retryAll();
  }

  async #add(
    visit: string,
    kind: EntryKind,
    body: unknown,
    at = this.#ground.now(),
    name?: string,
  ): Promise<void> {
    await this.#told(this.#store.add(visit, kind, body, at, name));
    await this.refresh();
    void this.#sync.nudge();
  }

  /** Say whether something was kept; what was not is never passed over in silence. */
  async #told<Kept>(keeping: Promise<Kept>): Promise<Kept> {
    const era = this.#era;
    try {
      const kept = await keeping;
      if (era === this.#era) this.set({ ...this.state(), problem: "" });
      return kept;
    } catch (error) {
      if (era === this.#era) this.set({ ...this.state(), problem: codeOf(error) });
      throw error;
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "not_kept";
}
