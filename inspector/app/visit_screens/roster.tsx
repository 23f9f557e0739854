/** The list of declared workers of a visit: read from what is pasted, and checked against what was scanned. */
import { useState } from "preact/hooks";

import { siteText } from "../../core/findings/sites.ts";
import { checkRoster } from "../../core/index.ts";
import { dayAt } from "../session/question.ts";
import { Button, TextArea } from "../parts/forms.tsx";
import { Plain } from "../parts/plain.tsx";
import { day, say } from "../words/texts.ts";
import { useVisitsState } from "../visits/at_hand.ts";
import { scannedDocuments } from "../visits/facts.ts";
import { MOST_WORKERS, readRoster } from "../visits/roster_text.ts";
import type { ReadList } from "../visits/roster_text.ts";
import type { PartProps } from "./visit.tsx";
import { FindingText } from "./visit_entries.tsx";

const LONGEST_FILE = 1_000_000;
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
  const [read, setRead] = useState<ReadList | null>(null);
  const take = async (list: string) => {
    const found = readRoster(list);
    setRead(found);
    if (found.workers.length === 0 || found.unread.length > 0) return;
    await visits.roster(visit.id, found.workers);
    setText("");
  };
  const choose = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (file !== undefined) setText((await file.slice(0, LONGEST_FILE).text()).replaceAll("\u0000", ""));
    input.value = "";
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void take(text);
      }}
    >
      <TextArea
        label={say("screen.roster.paste")}
        hint={say("screen.roster.columns")}
        value={text}
        onValue={setText}
      />
      <label className="button button-plain file-button">
        <span>{say("button.choose_csv")}</span>
        <input
          type="file"
          accept=".csv,.txt,text/csv,text/plain"
          onChange={(event) => void choose(event.currentTarget)}
        />
      </label>
      <Button kind="first" type="submit" disabled={text.trim() === ""}>{say("button.read_list")}</Button>
      {read === null ? null : <Problems read={read} />}
    </form>
  );
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
  const all = useVisitsState(visits).visits;
  const others = all.filter((each) => each.id !== visit.id);
  const found = checkRoster({
    site: siteText(visit.opened.site),
    day: dayAt(visit.openedAt),
    workers: visit.roster,
    scans: scannedDocuments([visit, ...others]),
  });
  const recorded = new Set(visit.findings.map(({ body }) => keyOf(body)));
  return (
    <>
      <p>{say("screen.roster.count", { count: visit.roster.length })}</p>
      <h3>{say("screen.roster.result")}</h3>
      {found.length === 0 ? <p>{say("screen.roster.fits")}</p> : (
        <ul className="visits">
          {found.map((finding) => (
            <li key={keyOf(finding)} data-finding={finding.code}>
              <p><FindingText body={finding} visit={visit} /></p>
              {visit.closedAt !== null || recorded.has(keyOf(finding)) ? null : (
                <Button onClick={() => void visits.found(visit.id, finding, "")}>{say("button.finding")}</Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <Workers visit={visit} />
    </>
  );
}

function keyOf(finding: {
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
          {worker.number === undefined ? null : <> · <Plain text={worker.number} /></>}
        </li>
      ))}
    </ul>
  );
}
