/** What went wrong without anybody having foreseen it: said on the screen, and never passed over in silence. */
import { Watch } from "./watching.ts";

/**
 * The name of the last unforeseen fault; empty when there was none. Never its message: that may quote a document.
 */
export const faults = new Watch<string>("");

/** Watch for faults from now on. */
export function watchFaults(): void {
  addEventListener("error", (event) => faults.set(nameOf(event.error)));
  addEventListener("unhandledrejection", (event) => {
    // What has a code of its own is said by the part of the app to which it happened.
    if (!hasCode(event.reason)) faults.set(nameOf(event.reason));
  });
}

/** Say a fault of something that nobody waits for. */
export function tellFault(fault: unknown): void {
  faults.set(nameOf(fault));
}

const nameOf = (fault: unknown): string => (fault instanceof Error ? fault.name : "Error");
const hasCode = (fault: unknown): boolean =>
  fault instanceof Error && "code" in fault && typeof fault.code === "string";
