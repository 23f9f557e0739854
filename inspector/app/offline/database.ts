/** The device's database: what is kept between two starts, and which of it a lock leaves. */
import { openDB } from "idb";
import type { DBSchema, IDBPDatabase, IDBPTransaction } from "idb";

import { createLeftTable, createVisitTables } from "../visits/tables.ts";
import type { VisitDatabase, VisitTables } from "../visits/tables.ts";

export const DATABASE = "portadoc-inspector";
const VERSION = 2;

/** The newest trust pack, as it was fetched; everything but `message` was read out of it after it was verified. */
export interface StoredPack {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly operator: string;
  readonly sequence: number;
  readonly asOf: number;
  readonly exp: number;
  /** When the service last said that it is the newest one, in epoch seconds. */
  readonly fetchedAt: number;
}

export interface InspectorTables extends VisitTables, DBSchema {
  settings: { key: string; value: unknown };
  pack: { key: "newest"; value: StoredPack };
}

export type InspectorDatabase = IDBPDatabase<InspectorTables>;

/** What stays when the device is locked: none of it is about a person or a visit. */
const KEPT_WHEN_LOCKED: ReadonlySet<string> = new Set(["clock", "configuration", "pins", "paired", "preferences"]);

/** Open the database and make what is missing in it. */
export async function openDatabase(): Promise<InspectorDatabase> {
  const database = await openDB<InspectorTables>(DATABASE, VERSION, {
    upgrade(fresh, before) {
      if (before < 1) {
        fresh.createObjectStore("settings");
        fresh.createObjectStore("pack");
        createVisitTables(fresh as unknown as VisitDatabase);
      }
      if (before < 2) createLeftTable(fresh as unknown as VisitDatabase);
    },
    blocking() {
      database.close(); // another tab has a newer version, or wants to wipe
    },
  });
  return database;
}

type Wiping = IDBPTransaction<InspectorTables, ("visits" | "settings" | "left")[], "readwrite">;

/** Note of each open visit what it takes to go on: its name, when it began, the place of its next entry. */
async function leaveOpenVisits(transaction: Wiping): Promise<void> {
  const left = transaction.objectStore("left");
  const place = transaction.objectStore("visits").index("place");
  for (const row of await left.getAll()) await left.put({ ...row, resumed: false });
  let cursor = await place.openCursor(null, "prev");
  while (cursor !== null) {
    const { visit, sequence, kind, at } = cursor.value;
    const openedAt = (await left.get(visit))?.openedAt ?? (await place.get([visit, 0]))?.at ?? at;
    if (kind === "visit_closed") await left.delete(visit);
    else await left.put({ visit, openedAt, next: sequence + 1, resumed: false });
    cursor = await cursor.continue([visit, -1]); // the last entry of the visit before
  }
}

/**
 * Wipe what is readable and about anybody. Trust pack, registration, what waits as ciphertext and the places of
 * open visits stay.
 */
export async function wipeReadable(database: InspectorDatabase): Promise<void> {
  const transaction = database.transaction(["visits", "settings", "left"], "readwrite", { durability: "strict" });
  const settings = transaction.objectStore("settings");
  await leaveOpenVisits(transaction);
  await transaction.objectStore("visits").clear();
  for (const key of await settings.getAllKeys()) {
    if (!KEPT_WHEN_LOCKED.has(key)) await settings.delete(key);
  }
  await transaction.done;
}

/** Wipe everything but what the service has not acknowledged yet; return how many entries wait. */
export async function wipeAll(database: InspectorDatabase): Promise<number> {
  const transaction = database.transaction(["visits", "left", "settings", "pack", "outbox"], "readwrite", {
    durability: "strict",
  });
  await transaction.objectStore("visits").clear();
  await transaction.objectStore("left").clear();
  await transaction.objectStore("pack").clear();
  const waiting = await transaction.objectStore("outbox").count();
  const settings = transaction.objectStore("settings");
  for (const key of await settings.getAllKeys()) {
    // Without its name at the service the device could not send what waits.
    if (waiting === 0 || key !== "paired") await settings.delete(key);
  }
  await transaction.done;
  return waiting;
}
