/** The visits of the device: every entry is kept readable and put into the outbox encrypted, both or neither. */
import { readable, visitOf, visitsOf } from "./entries.ts";
import type { Entry, EntryKind, Visit } from "./entries.ts";
import type { VisitDatabase } from "./tables.ts";

const MOST_TRIES = 20;

/** An entry encrypted for the service, and the digest that the service has to acknowledge. */
export interface Sealed {
  readonly message: string;
  readonly digest: string;
}

export type Refusal = "visit_closed" | "visit_unknown" | "visit_busy";

/** An entry that a visit does not take. */
export class VisitProblem extends Error {
  readonly code: Refusal;

  constructor(code: Refusal) {
    super(code);
    this.code = code;
  }
}

type Kept = "kept" | "there_already" | "place_taken";

/** Adds entries and reads them back. `seal` encrypts one for the service: the device itself cannot undo it. */
export class VisitStore {
  readonly #database: () => Promise<VisitDatabase>;
  readonly #seal: (entry: Entry) => Promise<Sealed>;
  readonly #changed = new EventTarget();
  readonly #tabs = new BroadcastChannel("portadoc-visits");
  #era = 0;

  constructor(database: () => Promise<VisitDatabase>, seal: (entry: Entry) => Promise<Sealed>) {
    this.#database = database;
    this.#seal = seal;
    this.#tabs.addEventListener("message", () => this.#changed.dispatchEvent(new Event("change")));
  }

  /** Call a function whenever visits change, here or in another tab; returns how to stop it. */
  subscribe(listener: () => void): () => void {
    this.#changed.addEventListener("change", listener);
    return () => this.#changed.removeEventListener("change", listener);
  }

  /** Tell every tab that something changed. */
  announce(): void {
    this.#changed.dispatchEvent(new Event("change"));
    this.#tabs.postMessage("changed");
  }

  /** Keep nothing of what is being added at this moment: the device is wiped. */
  forget(): void {
    this.#era += 1;
  }

  /** Return the visits on the device, the one with the latest entry first. */
  async visits(): Promise<Visit[]> {
    const database = await this.#database();
    return visitsOf(await database.getAll("visits"), await database.getAll("left"));
  }

  /** Return one visit; null when it is not on the device. */
  async visit(id: string): Promise<Visit | null> {
    const range = IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);
    const database = await this.#database();
    return visitOf(await database.getAllFromIndex("visits", "place", range), await database.get("left", id));
  }

  /** Go on with the visits that a lock left, or with one of them: from now on they take entries again. */
  async resume(visit?: string): Promise<void> {
    const transaction = (await this.#database()).transaction("left", "readwrite");
    for (const row of await transaction.store.getAll(visit))
      await transaction.store.put({ ...row, resumed: true });
    await transaction.done;
    this.announce();
  }

  /** Open a visit and return its id. */
  async open(body: unknown, at: number): Promise<string> {
    const visit = crypto.randomUUID();
    await this.add(visit, "visit_opened", body, at);
    return visit;
  }

  /**
   * Add an entry to a visit and return it once it is on the disk. An `id` that is there already changes nothing,
   * so that the same scan counts once whoever adds it. Rejects with VisitProblem.
   */
  async add(visit: string, kind: EntryKind, body: unknown, at: number, id?: string): Promise<Entry> {
    const [entry, era] = [id ?? crypto.randomUUID(), this.#era];
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const sequence = await this.#nextPlace(visit, kind);
      const made: Entry = { version: 1, visit, entry, sequence, kind, at, body };
      const sealed = await this.#seal(made);
      if (era !== this.#era) throw new VisitProblem("visit_unknown");
      const kept = await this.#keep(made, sealed);
      if (kept !== "place_taken") {
        if (kept === "kept") this.announce();
        return made;
      }
    }
    throw new VisitProblem("visit_busy");
  }

  async #nextPlace(visit: string, kind: EntryKind): Promise<number> {
    const last = await this.#last(visit);
    if (kind === "visit_opened") return 0;
    if (last === undefined) {
      const left = await (await this.#database()).get("left", visit);
      if (left?.resumed !== true) throw new VisitProblem("visit_unknown");
      return left.next;
    }
    if (last.kind === "visit_closed") throw new VisitProblem("visit_closed");
    return last.sequence + 1;
  }

  async #last(visit: string): Promise<Entry | undefined> {
    const place = (await this.#database()).transaction("visits").store.index("place");
    const range = IDBKeyRange.bound([visit, 0], [visit, Number.MAX_SAFE_INTEGER]);
    return (await place.openCursor(range, "prev"))?.value;
  }

  /**
   * One transaction: the place is still free and the one before it still there, or left by a lock that somebody
   * went on from; then both copies or none.
   */
  async #keep(entry: Entry, sealed: Sealed): Promise<Kept> {
    const database = await this.#database();
    const transaction = database.transaction(["visits", "left", "outbox"], "readwrite", { durability: "strict" });
    const visits = transaction.objectStore("visits");
    const place = visits.index("place");
    const [same, taken, former, left] = await Promise.all([
      visits.getKey(entry.entry),
      place.getKey([entry.visit, entry.sequence]),
      entry.sequence === 0 ? "none" : place.getKey([entry.visit, entry.sequence - 1]),
      transaction.objectStore("left").get(entry.visit),
    ]);
    const before = former ?? (left?.resumed === true && left.next === entry.sequence ? "left" : undefined);
    const kept = same !== undefined ? "there_already" : taken !== undefined ? "place_taken" : "kept";
    if (kept === "kept" && before !== undefined) {
      await Promise.all([
        visits.add(readable(entry)),
        transaction.objectStore("outbox").add({ entry: entry.entry, ...sealed }),
      ]);
    }
    await transaction.done;
    if (before === undefined) throw new VisitProblem("visit_unknown");
    return kept;
  }
}
