/** How much of an animated code was read, and which of its parts are still missing (K02). */
import type { Series } from "../../scans/series.ts";
import { say } from "../../words/texts.ts";
import { useWatched } from "../../session/watching.ts";
import { Button } from "../forms.tsx";

const MOST_NAMED = 8;

/** Draw the progress once the first part was seen. */
export function FrameBar({ series }: { series: Series }) {
  const progress = useWatched(series.progress);
  if (progress === null) return null;
  const missing = progress.missing.slice(0, MOST_NAMED).join(", ");
  return (
    <div className="frame-bar">
      <p role="status">{say("note.codes_left", { count: progress.held, total: progress.total })}</p>
      <progress max={Math.max(1, progress.total)} value={progress.held} aria-label={say("note.parts")} />
      {progress.complete || progress.missing.length === 0 ? null : (
        <p className="soft">
          {say("note.parts_missing", { parts: progress.missing.length > MOST_NAMED ? `${missing}, …` : missing })}
        </p>
      )}
      {progress.last === "foreign" || progress.last === "differs" ? (
        <>
          <p className="warning" role="alert">
            {say("note.part_foreign")}
          </p>
          <Button onClick={() => series.restart()}>{say("button.restart")}</Button>
        </>
      ) : null}
      {progress.last === "malformed" ? <p className="warning">{say("note.part_malformed")}</p> : null}
    </div>
  );
}
