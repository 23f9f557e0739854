/** One act at a time: what is under way is not begun again by a second tap. */
import { useRef, useState } from "preact/hooks";

/** Whether an act is under way, and how to begin one; a second one is passed over until the first has ended. */
export type Busy = readonly [busy: boolean, once: (act: () => Promise<unknown>) => Promise<void>];

/** Return both for one form or screen. A fault of the act passes through. */
export function useBusy(): Busy {
  const underWay = useRef(false);
  const [busy, setBusy] = useState(false);
  const once = async (act: () => Promise<unknown>): Promise<void> => {
    if (underWay.current) return;
    underWay.current = true; // at once: a double tap comes before anything is drawn anew
    setBusy(true);
    try {
      await act();
    } finally {
      underWay.current = false;
      setBusy(false);
    }
  };
  return [busy, once];
}
