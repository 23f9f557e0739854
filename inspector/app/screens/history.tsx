/** The scans of this session, counted by colour: gone when the app is locked or left. */
import { ScanList, Tally } from "../parts/scanning/scan_list.tsx";
import { Button } from "../parts/forms.tsx";
import { useHand } from "../scans/context.ts";
import { say } from "../words/texts.ts";
import { useWatched } from "../session/watching.ts";

/** Draw the list. */
export function History() {
  const { scans } = useHand();
  const list = useWatched(scans);
  return (
    <>
      <h1>{say("screen.history")}</h1>
      <p>{say("note.history")}</p>
      <Tally scans={list} />
      <ScanList scans={list} />
      {list.length === 0 ? null : (
        <Button kind="quiet" icon="cross" onClick={() => scans.clear()}>{say("button.forget")}</Button>
      )}
    </>
  );
}
