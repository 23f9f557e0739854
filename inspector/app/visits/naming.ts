/** What a visit is called: by its site, or by its beginning where a lock left no more of it. */
import { siteText } from "../../core/findings/sites.ts";
import { moment, say } from "../words/texts.ts";
import type { Visit } from "./entries.ts";

/** Return the site in one line. */
export function visitName(visit: Visit): string {
  return siteText(visit.opened.site) || say("screen.visit.begun", { date: moment(visit.openedAt) });
}

/** Return the name of the site alone. */
export function shortName(visit: Visit): string {
  return visit.opened.site.name || visitName(visit);
}
