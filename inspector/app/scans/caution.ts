/** What this device knows against itself: trust data beyond their time, a clock that is wrong. */
import type { DeviceState } from "../session/device.ts";
import type { Caution } from "./judging.ts";

/** Seconds by which the clock may be off before days are judged wrongly. */
export const CLOCK_TOLERANCE = 600;

/** Return why nothing may be confirmed on this device now, if there is a reason. */
export function cautionOf(state: DeviceState, now: number): Caution | null {
  if (state.clockOffset !== null && Math.abs(state.clockOffset) > CLOCK_TOLERANCE) return "clock_wrong";
  if (state.pack !== null && now > state.pack.nextUpdate) return "pack_old";
  return null;
}
