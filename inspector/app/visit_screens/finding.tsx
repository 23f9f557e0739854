/** The findings of a visit, and the form for one in the inspector's own words. */
import { useState } from "preact/hooks";

import { Button, TextArea } from "../parts/forms.tsx";
import { Plain } from "../parts/plain.tsx";
import { moment, say } from "../words/texts.ts";
import type { PartProps } from "./visit.tsx";
import { FindingText } from "./visit_entries.tsx";

export function FindingPart({ visits, visit }: PartProps) {
  const [note, setNote] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (note.trim() === "") return;
    await visits.finding(visit.id, { code: "own", note: note.trim().slice(0, 60_000) });
    setNote("");
  };
  return (
    <>
      <h2>{say("screen.finding")}</h2>
      {visit.findings.length === 0 ? <p>{say("screen.finding.none")}</p> : (
        <ol className="visit-entries">
          {visit.findings.map(({ entry, at, body }) => (
            <li key={entry}>
              <p className="visit-small">{moment(at)}</p>
              <p><FindingText body={body} visit={visit} /></p>
              {body.note === undefined ? null : <p><Plain text={body.note} longest={1000} /></p>}
            </li>
          ))}
        </ol>
      )}
      {visit.closedAt !== null ? null : (
        <form onSubmit={(event) => void submit(event)}>
          <TextArea label={say("screen.finding.note")} value={note} onValue={setNote} />
          <Button kind="first" type="submit" disabled={note.trim() === ""}>{say("button.finding")}</Button>
        </form>
      )}
    </>
  );
}
