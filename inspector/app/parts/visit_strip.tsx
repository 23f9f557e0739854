/** The visit into which scans are recorded, on every screen; and the way to lock the device at once. */
import { useDevice } from "../scans/context.ts";
import { useVisits, useVisitsState } from "../visits/at_hand.ts";
import { shortName } from "../visits/naming.ts";
import type { Visits } from "../visits/visits.ts";
import { say } from "../words/texts.ts";
import { Icon } from "./icons.tsx";
import { LockButton } from "./locking.tsx";
import { Plain } from "./plain.tsx";

const LONGEST_SITE = 48;

/** Draw the strip; nothing on a device without an open visit. */
export function VisitStrip() {
  const visits = useVisits();
  const { paired } = useDevice();
  return visits === null || paired === null ? null : <Strip visits={visits} />;
}

/** The button that locks the device, where the strip has none: without an open visit. */
export function LockWithoutVisit() {
  const visits = useVisits();
  return visits === null ? <LockButton /> : <LockUnlessOpen visits={visits} />;
}

function LockUnlessOpen({ visits }: { visits: Visits }) {
  return useVisitsState(visits).current === null ? <LockButton /> : null;
}

function Strip({ visits }: { visits: Visits }) {
  const { visits: all, current, sync } = useVisitsState(visits);
  const visit = all.find((each) => each.id === current);
  if (visit === undefined) return null;
  return (
    <div className="strip">
      <a className="strip-visit" href={`#/visits/${visit.id}`}>
        <Icon name="list" />
        <span>
          <span className="strip-name">
            {say("screen.visit")}: <SiteName text={shortName(visit)} />
          </span>
          {sync.refused === 0 ? null : <strong className="strip-refused">{say("note.see_refused")}</strong>}
        </span>
      </a>
      <LockButton />
    </div>
  );
}

/** A name that is cut short: a link holds no button that shows the rest. */
function SiteName({ text }: { text: string }) {
  const letters = [...text];
  return <Plain text={letters.length > LONGEST_SITE ? `${letters.slice(0, LONGEST_SITE).join("")}…` : text} />;
}
