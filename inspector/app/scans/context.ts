/** What every screen has at hand. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Device, DeviceState } from "../session/device.ts";
import type { Scans } from "./scans.ts";
import { useWatched } from "../session/watching.ts";

/** A place that home leads to; `title` is the key of its name. */
export interface Door {
  readonly path: string;
  readonly title: string;
}

export interface Hand {
  readonly device: Device;
  readonly scans: Scans;
  readonly rooms: readonly Door[];
}

export const HandContext = createContext<Hand | null>(null);

/** Return the device and the scans. */
export function useHand(): Hand {
  const hand = useContext(HandContext);
  if (hand === null) throw new Error("a screen is drawn outside of the shell");
  return hand;
}

/** Return the state of the device; the component follows it. */
export function useDevice(): DeviceState {
  return useWatched(useHand().device);
}
