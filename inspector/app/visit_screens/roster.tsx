/** The list of declared workers of a visit: read from what is pasted, and checked against what was scanned. */
import { useState } from "preact/hooks";

import { ROSTER_NOTES } from "../../core/findings/roster.ts";
import { Button, FileButton, TextArea } from "../parts/forms.tsx";
import { Plain } from "../parts/plain.tsx";
import { useBusy } from "../session/busy.ts";
import { day, say } from "../words/texts.ts";
import { useVisitsState } from "../visits/at_hand.ts";
import { rosterFindings } from "../visits/facts.ts";
import { MOST_WORKERS, readRoster } from "../visits/roster/text.ts";
import type { ReadList } from "../visits/roster/text.ts";
import type { PartProps } from "./visit.tsx";
import { FindingText } from "./visit_entries.tsx";

const LONGEST_FILE = 1_000_000;
// eslint-disable-next-line no-control-regex
const NO_TEXT = /[\u0000-\u0008\u000e-\u001f]/;
const EXAMPLE = "2026-03-31";

/** Paste, see, check. */
export function RosterPart({ visits, visit }: PartProps) {
  return (
    <>
      <h2>{say("screen.roster")}</h2>
      {visit.closedAt === null ? <RosterForm visits={visits} visit={visit} /> : null}
      {visit.roster.length === 0 ? <p>{say("screen.roster.none")}</p> : <Checked visits={visits} visit={visit} />}
    </>
  );
}

function RosterForm({ visits, visit }: PartProps) {
  const [text, setText] = useState("");
  const [fault, setFault] = useState("");
  const [read, setRead] = useState<ReadList | null>(null);
  const [busy, once] = useBusy();
  const take = async (list: string) => {
    const found = readRoster(list);
    setRead(found);
    if (found.workers.length === 0 || found.unread.length > 0) return;
    await visits.roster(visit.id, found.workers);
    setText("");
  };
  const choose = async ([file]: readonly File[]) => {
    if (file === undefined) return;
    const list = await listOf(file);
    setFault(list === null ? say("note.list_unreadable") : "");
    setRead(null);
    if (list !== null) setText(list);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void once(() => take(text));
      }}
    >
      <TextArea
        label={say("screen.roster.paste")}
        hint={say("screen.roster.columns")}
        fault={fault}
        value={text}
        onValue={setText}
      />
      <FileButton accept=".csv,.txt,text/csv,text/plain" onFiles={(files) => void choose(files)}>
        {say("button.choose_csv")}
      </FileButton>
      <Button kind="first" type="submit" busy={busy} disabled={text.trim() === ""}>
        {say("button.read_list")}
      </Button>
      {read === null ? null : <Problems read={read} />}
    </form>
  );
}

/** Return the text of a file; null for what is none, such as the workbook of a spreadsheet program. */
async function listOf(file: File): Promise<string | null> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.slice(0, LONGEST_FILE).arrayBuffer());
    return NO_TEXT.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** A list with a line that cannot be read is not taken at all: the inspector mends it and reads it again. */
function Problems({ read }: { read: ReadList }) {
  return (
    <div role="status">
      {read.tooMany ? <p>{say("screen.roster.too_many", { count: MOST_WORKERS })}</p> : null}
      <ul>
        {read.unread.slice(0, 20).map(({ line, problem }) => (
          <li key={line}>
            {say("screen.roster.line", { line, problem: say(`problem.${problem}`, { example: EXAMPLE }) })}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Checked({ visits, visit }: PartProps) {
  const [busy, once] = useBusy();
  const told = rosterFindings(visit, useVisitsState(visits).visits);
  const found = told.filter(({ code }) => !ROSTER_NOTES.has(code));
  const notes = told.filter(({ code }) => ROSTER_NOTES.has(code));
  const recorded = new Set(visit.findings.map(({ body }) => keyOf(body)));
  return (
    <>
      <p>{say("screen.roster.count", { count: visit.roster.length })}</p>
      <h3>{say("screen.roster.result")}</h3>
      {visit.stage === "whole" ? null : <p className="visit-small">{say("note.roster_before_lock")}</p>}
      {found.length === 0 ? (
        <p>{say("screen.roster.fits")}</p>
      ) : (
        <ul className="visits">
          {found.map((finding) => (
            <li key={keyOf(finding)} data-finding={finding.code}>
              <p>
                <FindingText body={finding} visit={visit} />
              </p>
              {visit.closedAt !== null || recorded.has(keyOf(finding)) ? null : (
                <Button busy={busy} onClick={() => void once(() => visits.found(visit.id, finding, ""))}>
                  {say("button.finding")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {notes.map((note) => (
        <p className="visit-small" key={keyOf(note)} data-note={note.code}>
          <FindingText body={note} visit={visit} />
        </p>
      ))}
      <Workers visit={visit} />
    </>
  );
}

/** Return what tells a finding from others. */
export function keyOf(finding: {
  code: string;
  worker?: string | undefined;
  scans?: readonly string[] | undefined;
}): string {
  return [finding.code, finding.worker ?? "", ...(finding.scans ?? [])].join(" ");
}

function Workers({ visit }: Pick<PartProps, "visit">) {
  return (
    <ul className="visit-workers">
      {visit.roster.map((worker) => (
        <li key={worker.id}>
          <Plain text={`${worker.surname}, ${worker.forenames}`} />
          {worker.birthDate === undefined ? null : ` · ${day(worker.birthDate)}`}
          {worker.number === undefined ? null : (
            <>
              {" "}
              · <Plain text={worker.number} />
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
