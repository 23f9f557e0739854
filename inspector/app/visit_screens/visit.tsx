/** One visit: what was recorded, and what can be added. */
import { useState } from "preact/hooks";

import { Button, FileButton, TextArea, TextField } from "../parts/forms.tsx";
import { Icon } from "../parts/icons.tsx";
import { Plain } from "../parts/plain.tsx";
import { SyncNote } from "./sync_note.tsx";
import { useBusy } from "../session/busy.ts";
import { go } from "../session/routes.ts";
import { moment, say } from "../words/texts.ts";
import { useVisitsState } from "../visits/at_hand.ts";
import type { Visit } from "../visits/entries.ts";
import { PhotoProblem } from "../visits/photos.ts";
import { visitName } from "../visits/naming.ts";
import type { Visits } from "../visits/visits.ts";
import { DossierPart } from "./dossier.tsx";
import { FindingPart } from "./finding.tsx";
import { RosterPart } from "./roster.tsx";
import { EntryList } from "./visit_entries.tsx";

const PARTS: Readonly<Record<string, typeof Whole>> = {
  roster: RosterPart,
  findings: FindingPart,
  dossier: DossierPart,
};

/** The visit that the address names, and the part of it. One that is not on this device leads to the list. */
export function VisitScreen({ visits, rest }: { visits: Visits; rest: string }) {
  const [id = "", part = ""] = rest.split("/");
  const visit = useVisitsState(visits).visits.find((each) => each.id === id);
  if (visit === undefined) return <p>{say("screen.visits.none")}</p>;
  const Part = PARTS[part] ?? Whole;
  return (
    <section className="visit-place" data-visit={visit.id}>
      <div>
        {Part === Whole ? null : (
          <a className="bar-back" href={`#/visits/${visit.id}`}>
            <Icon name="back" />
            <span>{say("screen.visit")}</span>
          </a>
        )}
        <h1><Plain text={visitName(visit)} /></h1>
      </div>
      <SyncNote visits={visits} />
      <Part visits={visits} visit={visit} />
    </section>
  );
}

export interface PartProps {
  readonly visits: Visits;
  readonly visit: Visit;
}

function Whole({ visits, visit }: PartProps) {
  const current = useVisitsState(visits).current === visit.id;
  return (
    <>
      <div>
        <p>{say("screen.visit.opened_at", { date: moment(visit.openedAt) })}</p>
        {visit.stage === "whole" ? null : <p className="block">{say("note.before_lock")}</p>}
        {visit.opened.note === undefined ? null : (
          <p>
            {say("screen.visit.employer")}: <Plain text={visit.opened.note} />
          </p>
        )}
        {visit.opened.employerId === undefined ? null : (
          <p>
            {say("field.employer_id")}: <Plain text={visit.opened.employerId} />
          </p>
        )}
      </div>
      {visit.stage === "left" ? (
        <Button kind="first" onClick={() => void visits.resume(visit.id)}>{say("button.continue_visit")}</Button>
      ) : visit.closedAt === null ? (
        <Open visits={visits} visit={visit} current={current} />
      ) : (
        <p>{say("note.visit_closed")}</p>
      )}
      <nav className="visit-rooms">
        <Button icon="list" onClick={() => go(`visits/${visit.id}/roster`)}>{say("screen.roster")}</Button>
        <Button icon="check" onClick={() => go(`visits/${visit.id}/findings`)}>{say("screen.finding")}</Button>
        <Button icon="link" onClick={() => go(`visits/${visit.id}/dossier`)}>{say("button.dossier")}</Button>
      </nav>
      <EntryList visit={visit} />
    </>
  );
}

function Open({ visits, visit, current }: PartProps & { current: boolean }) {
  return (
    <>
      {current ? <p>{say("note.recording_into")}</p> : (
        <Button onClick={() => visits.choose(visit.id)}>{say("button.use_visit")}</Button>
      )}
      <Button kind="first" icon="scan" onClick={() => go("scan")}>{say("button.scan")}</Button>
      <NoteForm visits={visits} visit={visit} />
      <PhotoForm visits={visits} visit={visit} />
      <CloseForm visits={visits} visit={visit} />
    </>
  );
}

function NoteForm({ visits, visit }: PartProps) {
  const [text, setText] = useState("");
  const [busy, once] = useBusy();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (text.trim() === "") return;
    void once(async () => {
      await visits.note(visit.id, text.trim().slice(0, 60_000));
      setText("");
    });
  };
  return (
    <form onSubmit={submit}>
      <TextArea label={say("screen.visit.note")} value={text} onValue={setText} />
      <Button type="submit" busy={busy} disabled={text.trim() === ""}>{say("button.add_note")}</Button>
    </form>
  );
}

function PhotoForm({ visits, visit }: PartProps) {
  const [caption, setCaption] = useState("");
  const [fault, setFault] = useState("");
  const [busy, once] = useBusy();
  const add = async ([file]: readonly File[]) => {
    if (file === undefined) return;
    try {
      setFault("");
      await visits.photo(visit.id, file, caption.trim());
      setCaption("");
    } catch (error) {
      if (!(error instanceof PhotoProblem)) throw error;
      setFault(say(`note.${error.code}`));
    }
  };
  return (
    <fieldset className="visit-photo-form">
      <legend>{say("screen.visit.photo")}</legend>
      <TextField
        label={say("screen.visit.photo_text")}
        value={caption}
        onValue={setCaption}
        maxLength={200}
        fault={fault}
      />
      <FileButton
        accept="image/*"
        capture="environment"
        busy={busy}
        onFiles={(files) => void once(() => add(files))}
      >
        {say("button.add_photo")}
      </FileButton>
    </fieldset>
  );
}

function CloseForm({ visits, visit }: PartProps) {
  const [asking, setAsking] = useState(false);
  const [note, setNote] = useState("");
  const [busy, once] = useBusy();
  if (!asking) return <Button onClick={() => setAsking(true)}>{say("button.close_visit")}</Button>;
  return (
    <form
      className="visit-form"
      onSubmit={(event) => {
        event.preventDefault();
        void once(() => visits.close(visit.id, note.trim().slice(0, 60_000)));
      }}
    >
      <TextArea label={say("screen.visit.close_note")} value={note} onValue={setNote} />
      <div className="visit-choices">
        <Button kind="first" type="submit" busy={busy}>{say("button.close_visit")}</Button>
        <Button onClick={() => setAsking(false)}>{say("button.cancel")}</Button>
      </div>
    </form>
  );
}
