/** How many entries the service does not have yet, why, and what to do about those that it refuses. */
import { Button } from "../parts/forms.tsx";
import { problemOf } from "../scans/wording.ts";
import { go } from "../session/routes.ts";
import { useVisitsState } from "../visits/at_hand.ts";
import type { SyncStatus } from "../visits/sync.ts";
import type { Visits } from "../visits/visits.ts";
import { has, say } from "../words/texts.ts";

/** Show what is not yet synchronised, with a button that tries again. */
export function SyncNote({ visits }: { visits: Visits }) {
  const { sync, problem } = useVisitsState(visits);
  const { waiting } = sync;
  return (
    <div className="sync" role="status" data-waiting={waiting} data-state={sync.state}>
      <p>{waiting === 0 ? say("note.synchronised") : say("note.not_synchronised", { count: waiting })}</p>
      <Why sync={sync} />
      {sync.refused === 0 ? null : <Refused sync={sync} />}
      {problem === "" ? null : (
        <p className="warning">{say("note.not_recorded")} {problemOf(problem, "not_kept")}</p>
      )}
      {sync.state === "not_registered" && waiting > 0 ? (
        <Button icon="phone" onClick={() => go("settings")}>{say("button.pair")}</Button>
      ) : null}
      {waiting === 0 ? null : (
        <Button icon="network" onClick={() => void visits.synchronise()}>{say("button.sync")}</Button>
      )}
    </div>
  );
}

const WHY: Readonly<Record<SyncStatus["state"], string>> = {
  idle: "",
  sending: "note.syncing",
  unreachable: "note.sync_failed",
  not_registered: "note.sync_not_registered",
};

function Why({ sync }: { sync: SyncStatus }) {
  const key = sync.waiting === 0 ? "" : WHY[sync.state];
  return key === "" ? null : <p>{say(key)}</p>;
}

/** Say of what the service refuses for good why, and what to do: it stays here until somebody did. */
function Refused({ sync }: { sync: SyncStatus }) {
  return (
    <div className="warning">
      <p>{say("note.sync_refused", { count: sync.refused })}</p>
      <ul>
        {sync.refusals.map((code) => (
          <li key={code}>{say(has(`refusal.${code}`) ? `refusal.${code}` : "refusal.other", { code })}</li>
        ))}
      </ul>
    </div>
  );
}
