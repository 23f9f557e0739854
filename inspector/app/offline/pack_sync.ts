/** The signed trust pack of the device's institution: fetched, verified, kept, never replaced by an older one. */
import type { Bytes } from "../../core/encoding/bytes.ts";
import { CoreError } from "../../core/errors.ts";
import { openTrustPack, PackKnowledge } from "../../core/pack/pack_knowledge.ts";
import type { TrustPack } from "../../core/pack/trust_pack.ts";
import type { KnownInstitution } from "../../core/index.ts";
import type { InspectorDatabase, StoredPack } from "./database.ts";
import type { DeviceClock } from "./clock.ts";
import { institutionsOf } from "./institutions.ts";

const MOST_BYTES = 8 * 1024 * 1024;

/** Whose pack it is and by which certificates it is believed; pinned when the device first met its service. */
export interface PackOrigin {
  readonly address: string;
  readonly operator: string;
  readonly pins: readonly Bytes[];
}

/** A verified pack, ready to be judged from. */
export interface HeldPack {
  readonly pack: TrustPack;
  readonly knowledge: PackKnowledge;
  readonly institutions: readonly KnownInstitution[];
  readonly stored: StoredPack;
}

/** Return the pack that was kept, verified anew; null where there is none. One that has ended stays readable. */
export async function keptPack(
  database: InspectorDatabase,
  origin: PackOrigin,
  clock: DeviceClock,
): Promise<HeldPack | null> {
  const stored = await database.get("pack", "newest");
  if (stored === undefined || stored.operator !== origin.operator) return null;
  // As of a time when it was in force: how old it is says its own end, and nothing is confirmed by it after that.
  const at = Math.min(Math.max(clock.atLeast(), stored.asOf), stored.exp - 1);
  const pack = await opened(stored.message, origin, at, stored.sequence);
  clock.signed(pack.asOf);
  return held(pack, stored);
}

/**
 * Ask the service for a newer pack and keep it; return it, or null where the one kept is the newest.
 *
 * Rejects with CoreError: what the core refuses ("trust_pack_rollback", "trust_pack_invalid", ...),
 * "service_unreachable", "pack_unavailable".
 */
export async function fetchPack(
  database: InspectorDatabase,
  origin: PackOrigin,
  clock: DeviceClock,
  signal: AbortSignal,
): Promise<HeldPack | null> {
  const before = await database.get("pack", "newest");
  const known = before?.operator === origin.operator ? before : undefined;
  const response = await request(origin.address, known?.etag ?? "", signal);
  const fetchedAt = clock.atLeast();
  if (response.status === 304 && known !== undefined) {
    await database.put("pack", { ...known, fetchedAt }, "newest");
    return null;
  }
  if (!response.ok) throw new CoreError("pack_unavailable", { status: response.status });
  const message = await bounded(response);
  const pack = await opened(message, origin, clock.atLeast(), known?.sequence ?? 0);
  const { sequence, asOf, exp } = pack;
  const etag = response.headers.get("etag") ?? "";
  const stored = { message, etag, operator: origin.operator, sequence, asOf, exp, fetchedAt };
  await keepNewest(database, stored);
  clock.signed(asOf);
  return held(pack, stored);
}

async function request(address: string, etag: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(address, {
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal,
      headers: etag === "" ? {} : { "If-None-Match": etag },
    });
  } catch {
    throw new CoreError("service_unreachable");
  }
}

async function bounded(response: Response): Promise<Bytes> {
  const content = new Uint8Array(await response.arrayBuffer());
  const isTooLarge = content.length > MOST_BYTES;
  if (isTooLarge) throw new CoreError("limit_exceeded", { what: "trust pack", limit: MOST_BYTES });
  return content;
}

/** Keep a pack unless another tab has kept a newer one meanwhile. */
async function keepNewest(database: InspectorDatabase, stored: StoredPack): Promise<void> {
  const transaction = database.transaction("pack", "readwrite", { durability: "strict" });
  const newest = await transaction.store.get("newest");
  const isOlder = newest !== undefined && newest.operator === stored.operator && newest.sequence > stored.sequence;
  if (!isOlder) await transaction.store.put(stored, "newest");
  await transaction.done;
}

const opened = (message: Bytes, origin: PackOrigin, at: number, newestSequence: number): Promise<TrustPack> =>
  openTrustPack(message, { pins: [...origin.pins], operator: origin.operator, at, newestSequence });

const held = (pack: TrustPack, stored: StoredPack): HeldPack => ({
  pack,
  knowledge: new PackKnowledge(pack),
  institutions: institutionsOf(pack),
  stored,
});
