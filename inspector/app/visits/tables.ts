/** The two tables of visits: what can be read on the device, and what waits for the service as ciphertext. */
import type { DBSchema, IDBPDatabase } from "idb";

import type { Entry } from "./entries.ts";

/** One encrypted entry that the service has not acknowledged yet. `refused` is the code of a final refusal. */
export interface Waiting {
  readonly position?: number;
  readonly entry: string;
  readonly message: string;
  readonly digest: string;
  readonly refused?: string;
}

/** All that a lock leaves of a visit that is not closed: enough to go on with it, and nothing about anybody. */
export interface LeftVisit {
  readonly visit: string;
  /** Epoch seconds. */
  readonly openedAt: number;
  /** The place of the next entry. */
  readonly next: number;
  /** Whether somebody went on with it since the lock; before that it takes no entry. */
  readonly resumed: boolean;
}

export interface VisitTables extends DBSchema {
  left: { key: string; value: LeftVisit };
  visits: { key: string; value: Entry; indexes: { place: [string, number] } };
  outbox: { key: number; value: Waiting; indexes: { entry: string } };
}

export type VisitDatabase = IDBPDatabase<VisitTables>;

/** Make the table of visits that a lock left. */
export function createLeftTable(database: VisitDatabase): void {
  database.createObjectStore("left", { keyPath: "visit" });
}

/**
 * Make both tables, in the upgrade of the database. No entry twice, and no two entries in one place of a visit.
 */
export function createVisitTables(database: VisitDatabase): void {
  database.createObjectStore("visits", { keyPath: "entry" }).createIndex("place", ["visit", "sequence"], {
    unique: true,
  });
  database
    .createObjectStore("outbox", { keyPath: "position", autoIncrement: true })
    .createIndex("entry", "entry", { unique: true });
}
