/** Several scans as a list: each with its mark and word, the name on it, and how many there are of each colour. */
import type { Colour } from "../../../core/index.ts";
import { factsOf } from "../../scans/facts.ts";
import type { Scan } from "../../scans/scans.ts";
import { clock, say } from "../../words/texts.ts";
import { wordingOf } from "../../scans/wording.ts";
import { Icon, Mark } from "../icons.tsx";
import { Plain } from "../plain.tsx";

const COLOURS: readonly Colour[] = ["green", "amber", "red"];

/** Return the colour of a scan; null while, or where, there is none. */
export function colourOfScan(scan: Scan): Colour | null {
  return scan.outcome.state === "judged" ? wordingOf(scan, scan.outcome.judgement).colour : null;
}

/** Return in one line what came of a scan. */
export function lineOf(scan: Scan): string {
  const { outcome } = scan;
  if (outcome.state === "judged") return wordingOf(scan, outcome.judgement).headline;
  return say(`outcome_of_scan.${outcome.state}`);
}

/** Count the scans by colour. */
export function Tally({ scans }: { scans: readonly Scan[] }) {
  return (
    <ul className="tally" aria-label={say("note.counted", { count: scans.length })}>
      {COLOURS.map((colour) => (
        <li key={colour} className={`tone-${colour}`}>
          <Mark colour={colour} />
          <strong>{scans.filter((scan) => colourOfScan(scan) === colour).length}</strong>
          <span>{say(`colour.${colour}`)}</span>
        </li>
      ))}
    </ul>
  );
}

/** Draw the list, the newest first; each leads to its verdict. */
export function ScanList({ scans }: { scans: readonly Scan[] }) {
  if (scans.length === 0) return <p className="soft">{say("note.no_scans")}</p>;
  return (
    <ol className="scan-list">
      {scans.map((scan) => <ScanLine key={scan.id} scan={scan} />)}
    </ol>
  );
}

function ScanLine({ scan }: { scan: Scan }) {
  const colour = colourOfScan(scan);
  return (
    <li>
      <a className={`scan-line tone-${colour ?? "none"}`} href={`#/verdict/${scan.id}`}>
        {colour === null ? <Icon name="more" /> : <Mark colour={colour} />}
        <span className="scan-line-text">
          <strong>{lineOf(scan)}</strong>
          <NameOn scan={scan} />
        </span>
        <time className="soft">{clock(scan.at)}</time>
      </a>
    </li>
  );
}

function NameOn({ scan }: { scan: Scan }) {
  if (scan.outcome.state !== "judged") return null;
  const facts = scan.outcome.judgement.reports.map(factsOf);
  const person = facts.find((each) => each.person.surnames !== "")?.person;
  const number = facts.find((each) => each.number !== "")?.number ?? "";
  const name = person === undefined ? number : `${person.surnames}, ${person.forenames}`;
  return name === "" ? null : <span className="soft"><Plain text={name} longest={60} /></span>;
}
