/** The visits of this device: over its database, encrypted to its key, fed by its scans, wiped with its lock. */
import { utf8 } from "../core/encoding/bytes.ts";
import { sha256Text } from "../core/encoding/digest.ts";
import { encryptFor } from "../core/jose/jwe_encrypt.ts";
import type { JsonObject } from "../core/index.ts";
import type { InspectorDatabase } from "./offline/database.ts";
import type { Lock } from "./offline/lock.ts";
import type { OwnDevice } from "./offline/own_device.ts";
import type { Scans } from "./scans/scans.ts";
import type { Entry } from "./visits/entries.ts";
import { declaredIdentifier } from "./visits/facts.ts";
import { recordAll } from "./visits/recorder.ts";
import type { VisitDatabase } from "./visits/tables.ts";
import type { Sealed } from "./visits/visit_store.ts";
import { Visits } from "./visits/visits.ts";

/** What an entry needs before it can be kept: a device that the service knows. */
export class NotRegistered extends Error {
  readonly code = "not_registered";
}

/** Return the visits, reading and sending already. */
export async function openVisits(
  database: InspectorDatabase,
  device: OwnDevice,
  scans: Scans,
  lock: Lock,
): Promise<Visits> {
  const visits = new Visits({
    database: () => Promise.resolve(database as unknown as VisitDatabase),
    seal: (entry) => sealed(entry, device.encryptionKey(entry.visit)),
    now: () => device.now(),
  });
  lock.onForget(() => visits.forget());
  lock.onWiped(() => void visits.refresh());
  lock.subscribe(() => {
    if (!lock.state().locked) void visits.resume();
  });
  askForDeclared(visits, scans);
  recordAll(scans, (scan) => visits.record(scan));
  visits.subscribe(() => void device.finishLeaving());
  followRegistration(device, visits);
  await visits.start();
  return visits;
}

/** A registration that entries are refused for is looked into; a new one sends what waits. */
function followRegistration(device: OwnDevice, visits: Visits): void {
  let [sync, paired] = [visits.state().sync.state, device.state().paired];
  visits.subscribe(() => {
    const before = sync;
    sync = visits.state().sync.state;
    if (sync === "not_registered" && before !== sync) void device.confirmRegistration();
  });
  device.subscribe(() => {
    const before = paired;
    paired = device.state().paired;
    if (paired !== null && paired.device !== before?.device) void visits.synchronise();
  });
}

/** Ask every document for work for the declared employer of the visit that is open, as long as it is. */
function askForDeclared(visits: Visits, scans: Scans): void {
  let followed: string | null = null;
  visits.subscribe(() => {
    const { visits: all, current } = visits.state();
    if (current === followed) return;
    followed = current;
    scans.employer.set(declaredIdentifier(all.find((each) => each.id === current)?.opened));
  });
}

async function sealed(entry: Entry, key: JsonWebKey | null): Promise<Sealed> {
  if (key === null) throw new NotRegistered();
  const message = await encryptFor(key as JsonObject, utf8(JSON.stringify(entry)));
  return { message, digest: await sha256Text(message) };
}
