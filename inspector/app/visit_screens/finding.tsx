/** The findings of a visit: what the check of the list finds, and what the inspector recorded. */
import { useState } from "preact/hooks";

import { ROSTER_NOTES } from "../../core/findings/roster.ts";
import { Button, TextArea } from "../parts/forms.tsx";
import { Plain } from "../parts/plain.tsx";
import { useBusy } from "../session/busy.ts";
import { useVisitsState } from "../visits/at_hand.ts";
import { rosterFindings } from "../visits/facts.ts";
import { moment, say } from "../words/texts.ts";
import { keyOf } from "./roster.tsx";
import type { PartProps } from "./visit.tsx";
import { FindingText } from "./visit_entries.tsx";

export function FindingPart({ visits, visit }: PartProps) {
  const [note, setNote] = useState("");
  const [busy, once] = useBusy();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (note.trim() === "") return;
    void once(async () => {
      await visits.finding(visit.id, { code: "own", note: note.trim().slice(0, 60_000) });
      setNote("");
    });
  };
  return (
    <>
      <h2>{say("screen.finding")}</h2>
      <Computed visits={visits} visit={visit} />
      <h3>{say("screen.finding.recorded")}</h3>
      {visit.findings.length === 0 ? (
        <p>{say("screen.finding.none")}</p>
      ) : (
        <ol className="visit-entries">
          {visit.findings.map(({ entry, at, body }) => (
            <li key={entry}>
              <p className="visit-small">{moment(at)}</p>
              <p>
                <FindingText body={body} visit={visit} />
              </p>
              {body.note === undefined ? null : (
                <p>
                  <Plain text={body.note} longest={1000} />
                </p>
              )}
            </li>
          ))}
        </ol>
      )}
      {visit.closedAt !== null ? null : (
        <form onSubmit={submit}>
          <TextArea label={say("screen.finding.note")} value={note} onValue={setNote} />
          <Button kind="first" type="submit" busy={busy} disabled={note.trim() === ""}>
            {say("button.finding")}
          </Button>
        </form>
      )}
    </>
  );
}

/** What the check finds at this moment: the office computes the same from the entries, over all its visits. */
function Computed({ visits, visit }: PartProps) {
  const found = rosterFindings(visit, useVisitsState(visits).visits);
  if (found.length === 0) return null;
  return (
    <section data-part="computed">
      <h3>{say("screen.finding.computed")}</h3>
      <p className="visit-small">{say("screen.finding.computed_note")}</p>
      <ul className="visit-entries">
        {found.map((finding) => (
          <li
            key={keyOf(finding)}
            data-finding={finding.code}
            className={ROSTER_NOTES.has(finding.code) ? "visit-small" : undefined}
          >
            <FindingText body={finding} visit={visit} />
          </li>
        ))}
      </ul>
    </section>
  );
}
