/** What the service says of itself, and what of it the device holds on to ever after. */
import { CoreError } from "../../core/errors.ts";
import type { Configuration } from "../session/device.ts";
import { ask } from "../session/service.ts";
import type { InspectorDatabase } from "./database.ts";
import type { PackOrigin } from "./pack_sync.ts";

/** The whole answer of GET /inspect/api/configuration. */
export interface ServedConfiguration extends Configuration {
  /** Certificate authorities of the operator: DER in standard base64. */
  readonly anchors: readonly string[];
  /** Path of the trust pack. */
  readonly pack: string;
  /** Epoch seconds. */
  readonly serverTime: number;
}

/** The certificates and the institution that the device first met; an other answer later is not believed. */
interface Pinned {
  readonly operator: string;
  readonly anchors: readonly string[];
}

/** Ask the service; nothing is kept yet. Rejects with ServiceProblem, CoreError[configuration_malformed]. */
export async function servedConfiguration(signal: AbortSignal): Promise<ServedConfiguration> {
  const answer = await ask<Partial<ServedConfiguration>>("configuration", { signal });
  const isWhole =
    typeof answer.operator === "string" &&
    typeof answer.pack === "string" &&
    typeof answer.serverTime === "number" &&
    Array.isArray(answer.anchors) &&
    Array.isArray(answer.presets) &&
    answer.anchors.every((each) => typeof each === "string");
  if (!isWhole) throw new CoreError("configuration_malformed");
  return answer as ServedConfiguration;
}

/** Keep a configuration of the operator that the device knows. Rejects with CoreError[operator_changed]. */
export async function keepConfiguration(database: InspectorDatabase, served: ServedConfiguration): Promise<void> {
  const pinned = (await database.get("settings", "pins")) as Pinned | undefined;
  const offered: Pinned = { operator: served.operator, anchors: [...served.anchors].sort() };
  if (pinned === undefined) await database.put("settings", offered, "pins");
  else if (JSON.stringify(pinned) !== JSON.stringify(offered)) throw new CoreError("operator_changed");
  await database.put("settings", served, "configuration");
}

/** Return the configuration that was kept; null on a device that has never been connected. */
export async function keptConfiguration(database: InspectorDatabase): Promise<ServedConfiguration | null> {
  return ((await database.get("settings", "configuration")) as ServedConfiguration | undefined) ?? null;
}

/** Return where packs come from, and by what they are believed. */
export function packOrigin(kept: ServedConfiguration): PackOrigin {
  const address = new URL(kept.pack, location.origin);
  if (address.origin !== location.origin) throw new CoreError("configuration_malformed");
  const pins = kept.anchors.map((each) => Uint8Array.from(atob(each), (character) => character.charCodeAt(0)));
  return { address: address.href, operator: kept.operator, pins };
}
