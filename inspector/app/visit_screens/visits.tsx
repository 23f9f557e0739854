/** Every visit on this device, and the form that opens one. */
import { useState } from "preact/hooks";

import { PDA1_STATES } from "../../core/generated/catalogue.ts";
import { LockWithoutVisit } from "../parts/visit_strip.tsx";
import { identifierFault } from "../parts/employer_asked.tsx";
import { Button, Choice, TextField } from "../parts/forms.tsx";
import { Plain } from "../parts/plain.tsx";
import { SyncNote } from "./sync_note.tsx";
import { useDevice } from "../scans/context.ts";
import { identifierOf } from "../session/question.ts";
import { go } from "../session/routes.ts";
import { country as countryName, moment, say } from "../words/texts.ts";
import { useVisits, useVisitsState } from "../visits/at_hand.ts";
import type { OpenedBody, Visit } from "../visits/entries.ts";
import { useBusy } from "../session/busy.ts";
import type { Visits } from "../visits/visits.ts";
import { visitName } from "../visits/naming.ts";
import { VisitScreen } from "./visit.tsx";

/** The visit that the address names, or the list of visits. A device that is not registered has none. */
export function VisitsScreen({ rest }: { rest: string }) {
  const visits = useVisits();
  const registered = useDevice().paired !== null;
  if (visits === null || !registered) {
    return (
      <section>
        <h1>{say("screen.visits")}</h1>
        <p>{say("note.not_registered")}</p>
        <Button icon="phone" onClick={() => go("settings")}>{say("button.pair")}</Button>
      </section>
    );
  }
  return rest === "" ? <VisitList visits={visits} /> : <VisitScreen visits={visits} rest={rest} />;
}

function VisitList({ visits }: { visits: Visits }) {
  const state = useVisitsState(visits);
  const [opening, setOpening] = useState(false);
  return (
    <section className="visit-place">
      <h1>{say("screen.visits")}</h1>
      <SyncNote visits={visits} />
      {opening ? <VisitForm visits={visits} onCancel={() => setOpening(false)} /> : (
        <Button kind="first" icon="list" onClick={() => setOpening(true)}>{say("button.new_visit")}</Button>
      )}
      {state.visits.length === 0 ? <p>{say("screen.visits.none")}</p> : (
        <ul className="visits">
          {state.visits.map((visit) => (
            <VisitCard key={visit.id} visits={visits} visit={visit} current={visit.id === state.current} />
          ))}
        </ul>
      )}
      <p className="visit-small">{say("note.lock_ends_visits")}</p>
      <LockWithoutVisit />
    </section>
  );
}

function VisitCard({ visits, visit, current }: { visits: Visits; visit: Visit; current: boolean }) {
  return (
    <li data-visit={visit.id}>
      <a href={`#/visits/${visit.id}`}><Plain text={visitName(visit)} /></a>
      <p>
        {visit.closedAt === null
          ? say("screen.visit.opened_at", { date: moment(visit.openedAt) })
          : say("screen.visit.closed_at", { date: moment(visit.closedAt) })}
        {" · "}
        {say("screen.visit.scans", { count: visit.scans.length })}
      </p>
      {current ? <p className="visit-small">{say("note.recording_into")}</p> : null}
      {visit.stage === "left" ? (
        <Button onClick={() => void visits.resume(visit.id)}>{say("button.continue_visit")}</Button>
      ) : null}
    </li>
  );
}

function VisitForm({ visits, onCancel }: { visits: Visits; onCancel: () => void }) {
  const settings = useDevice().settings;
  const [site, setSite] = useState({ name: "", address: "", town: "", country: settings.state });
  const [employer, setEmployer] = useState("");
  const [employerId, setEmployerId] = useState("");
  const [fault, setFault] = useState("");
  const [busy, once] = useBusy();
  const change = (part: Partial<typeof site>) => setSite({ ...site, ...part });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (site.name.trim() === "") return setFault(say("screen.visit.needs_site"));
    if (identifierFault(employerId) !== undefined) return;
    const body = openedBody(site, [employer, employerId], settings.purpose);
    void once(async () => go(`visits/${await visits.open(body)}`));
  };
  return (
    <form className="visit-form" onSubmit={submit} noValidate>
      <TextField
        label={say("screen.visit.site")}
        value={site.name}
        onValue={(name) => change({ name })}
        fault={fault}
        maxLength={200}
      />
      <TextField
        label={say("screen.visit.address")}
        value={site.address}
        onValue={(address) => change({ address })}
        maxLength={200}
      />
      <TextField
        label={say("screen.visit.town")}
        value={site.town}
        onValue={(town) => change({ town })}
        maxLength={200}
      />
      <Choice
        label={say("screen.visit.state")}
        value={site.country}
        options={stateOptions()}
        onValue={(country) => change({ country })}
      />
      <TextField label={say("screen.visit.employer")} value={employer} onValue={setEmployer} maxLength={200} />
      <TextField
        label={say("field.employer_id")}
        hint={say("field.employer_asked.hint")}
        fault={identifierFault(employerId)}
        value={employerId}
        onValue={setEmployerId}
        maxLength={100}
      />
      <div className="visit-choices">
        <Button kind="first" type="submit" busy={busy}>{say("button.start")}</Button>
        <Button onClick={onCancel}>{say("button.cancel")}</Button>
      </div>
    </form>
  );
}

function openedBody(
  site: Record<string, string>,
  [employer, identifier]: readonly [string, string],
  purpose: string,
): OpenedBody {
  const filled = Object.entries(site).map(([name, value]) => [name, value.trim()] as const);
  const named = Object.fromEntries(filled.filter(([, value]) => value !== ""));
  const [note, employerId] = [employer.trim(), identifierOf(identifier)];
  return {
    site: { name: "", ...named },
    purpose,
    ...(employerId === "" ? {} : { employerId }),
    ...(note === "" ? {} : { note }),
  };
}

function stateOptions(): { value: string; label: string }[] {
  const named = PDA1_STATES.map((value) => ({ value, label: countryName(value) }));
  named.sort((one, other) => one.label.localeCompare(other.label));
  return [{ value: "", label: say("value.not_stated") }, ...named];
}
