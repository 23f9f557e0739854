/** What was recorded in a visit, the newest first. */
import { useEffect, useState } from "preact/hooks";

import { Plain } from "../parts/plain.tsx";
import { aroundName } from "../words/naming.ts";
import { day, has, moment, say } from "../words/texts.ts";
import type {
  ClosedBody,
  Entry,
  FindingBody,
  NoteBody,
  PhotoBody,
  RosterBody,
  ScanBody,
  Visit,
} from "../visits/entries.ts";

/** Every entry but the opening. */
export function EntryList({ visit }: { visit: Visit }) {
  const shown = visit.entries
    .filter((each) => each.kind !== "visit_opened" && each.kind !== "compared")
    .toReversed();
  return (
    <>
      <h2>{say("screen.visit.entries")}</h2>
      <ol className="visit-entries">
        {shown.map((entry) => (
          <li key={entry.entry} data-kind={entry.kind}>
            <p className="visit-small">{moment(entry.at)}</p>
            <Body entry={entry} visit={visit} />
          </li>
        ))}
      </ol>
    </>
  );
}

function Body({ entry, visit }: { entry: Entry; visit: Visit }) {
  switch (entry.kind) {
    case "scan":
      return <ScanEntry body={entry.body as ScanBody} visit={visit} />;
    case "note":
      return <p><Plain text={(entry.body as NoteBody).text} longest={1000} /></p>;
    case "photo":
      return <Photo body={entry.body as PhotoBody} />;
    case "roster":
      return <p>{say("screen.roster.count", { count: (entry.body as RosterBody).workers.length })}</p>;
    case "finding":
      return <FindingEntry body={entry.body as FindingBody} visit={visit} />;
    default:
      return <Closing body={entry.body as ClosedBody} />;
  }
}

/** Say that the visit ended, and what the inspector said of it. */
function Closing({ body }: { body: ClosedBody }) {
  return (
    <>
      <p>{say("note.visit_closed")}</p>
      {body.note === undefined ? null : <p><Plain text={body.note} longest={1000} /></p>}
    </>
  );
}

function ScanEntry({ body, visit }: { body: ScanBody; visit: Visit }) {
  const { facts } = body;
  const judged = has(`verdict.${body.verdict}.headline`);
  const compared = visit.compared.get(body.scan)?.body.samePerson;
  return (
    <>
      <p className={`visit-told tone-${body.colour}`}>
        {say(`colour.${body.colour}`)}:{" "}
        {say(judged ? `verdict.${body.verdict}.headline` : "screen.visit.not_judged")}
      </p>
      <p>
        <Plain text={[facts.surname, facts.forenames].filter(Boolean).join(", ")} />
        {facts.birthDate === "" ? null : ` · ${day(facts.birthDate)}`}
        {facts.number === "" ? null : <> · <Plain text={facts.number} /></>}
      </p>
      {compared === undefined ? null : <p>{say(compared ? "screen.visit.same" : "screen.visit.different")}</p>}
    </>
  );
}

/** Show a photo from its bytes; nothing is asked of any network. */
function Photo({ body }: { body: PhotoBody }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    const bytes = Uint8Array.from(atob(body.data), (sign) => sign.charCodeAt(0));
    const made = URL.createObjectURL(new Blob([bytes], { type: body.mediaType }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [body.photo]);
  return (
    <figure>
      {address === "" ? null : (
        <img className="photo" src={address} alt={body.caption ?? say("screen.visit.photo")} />
      )}
      {body.caption === undefined ? null : (
        <figcaption>
          <Plain text={body.caption} />
        </figcaption>
      )}
    </figure>
  );
}

function FindingEntry({ body, visit }: { body: FindingBody; visit: Visit }) {
  return (
    <>
      <p><FindingText body={body} visit={visit} /></p>
      {body.note === undefined ? null : <p><Plain text={body.note} longest={1000} /></p>}
    </>
  );
}

/** Say a finding in words; names of people are shown as text of others. */
export function FindingText({
  body,
  visit,
}: {
  body: Pick<FindingBody, "code" | "worker" | "scans">;
  visit: Visit;
}) {
  const [before, name, after] = aroundName(
    say(`finding.${body.code}`),
    namesOf(body, visit),
    say("value.not_stated"),
  );
  return <>{before}{name === "" ? null : <Plain text={name} />}{after}</>;
}

function namesOf(body: Pick<FindingBody, "worker" | "scans">, visit: Visit): string {
  const worker = visit.roster.find((each) => each.id === body.worker);
  if (worker !== undefined) return `${worker.surname}, ${worker.forenames}`;
  const scans = visit.scans.filter((scan) => body.scans?.includes(scan.body.scan));
  const names = scans.map(({ body: { facts } }) => [facts.surname, facts.forenames].filter(Boolean).join(", "));
  return [...new Set(names)].filter(Boolean).join("; ");
}
