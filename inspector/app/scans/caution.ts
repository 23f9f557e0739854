/** What this device knows against itself: trust data beyond their time, a clock that is wrong. */
import type { DeviceState } from "../session/device.ts";
import type { Caution } from "./judging.ts";

/** Seconds by which the clock may be off before days are judged wrongly. */
export const CLOCK_TOLERANCE = 600;

/** Return why nothing may be confirmed on this device now, if there is a reason. */
export function cautionOf(state: DeviceState, now: number): Caution | null {
  if (isWrong(state.clockOffset)) return "clock_wrong";
  if (state.pack !== null && now > state.pack.nextUpdate) return "pack_old";
  return null;
}

/**
 * Return the time to judge by: a clock that is known to be wrong is put right as far as is known, lest a genuine
 * document be called expired or forged by it. Confirmed is nothing by that time.
 */
export function likelyTime({ clockOffset }: Pick<DeviceState, "clockOffset">, now: number): number {
  return isWrong(clockOffset) ? now - clockOffset : now;
}

function isWrong(offset: number | null): offset is number {
  return offset !== null && Math.abs(offset) > CLOCK_TOLERANCE;
}
