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

export interface VisitTables extends DBSchema {
  visits: { key: string; value: Entry; indexes: { place: [string, number] } };
  outbox: { key: number; value: Waiting; indexes: { entry: string } };
}

export type VisitDatabase = IDBPDatabase<VisitTables>;

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
