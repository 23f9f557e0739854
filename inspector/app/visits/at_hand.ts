/** The visits, for every screen that shows them. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import { useWatched } from "../session/watching.ts";
import type { Visits, VisitsState } from "./visits.ts";

export const VisitsContext = createContext<Visits | null>(null);

/** Return the visits; null on a device that is not registered, which can open none. */
export function useVisits(): Visits | null {
  return useContext(VisitsContext);
}

/**
 * Return the visits that are at hand and their state; the component follows it. For screens behind `useVisits`.
 */
export function useVisitsState(visits: Visits): VisitsState {
  return useWatched(visits);
}
