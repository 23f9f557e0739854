/** How many entries the service does not have yet, and why. */
import { say } from "../session/texts.ts";
import { useVisitsState } from "../visits/at_hand.ts";
import type { SyncStatus } from "../visits/sync.ts";
import type { Visits } from "../visits/visits.ts";
import { Button } from "../parts/forms.tsx";

/** Show what is not yet synchronised, with a button that tries again. */
export function SyncNote({ visits }: { visits: Visits }) {
  const { sync, problem } = useVisitsState(visits);
  return (
    <div className="sync" role="status" data-waiting={sync.waiting} data-state={sync.state}>
      <p>{countOf(sync)}</p>
      {whyOf(sync).map((why) => <p key={why}>{say(why)}</p>)}
      {problem === "" ? null : <p>{say("note.recording_failed")}</p>}
      {sync.waiting === 0 ? null : (
        <Button icon="network" onClick={() => void visits.synchronise()}>{say("button.sync")}</Button>
      )}
    </div>
  );
}

function countOf({ waiting }: SyncStatus): string {
  if (waiting === 0) return say("note.synchronised");
  return waiting === 1 ? say("note.one_not_synchronised") : say("note.not_synchronised", { count: waiting });
}

function whyOf({ state, waiting, refused }: SyncStatus): string[] {
  if (waiting === 0) return [];
  const told = { idle: "", sending: "note.syncing", unreachable: "note.sync_failed", not_registered: "note.sync_not_registered" };
  return [told[state], refused > 0 ? "note.sync_refused" : ""].filter((why) => why !== "");
}
