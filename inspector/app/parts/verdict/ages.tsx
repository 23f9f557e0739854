/** How old the knowledge is that a verdict rests on, and the checks behind it for whoever wants them. */
import { fullCode } from "../../../core/verdict/checks.ts";
import type { Report } from "../../../core/index.ts";
import type { Judgement } from "../../scans/judging.ts";
import { duration, has, moment, say } from "../../words/texts.ts";
import { Plain } from "../plain.tsx";
import { reasonOf } from "../../scans/wording.ts";

/** Draw when was judged, by trust data and a status of which age. */
export function Ages({ judgement, at }: { judgement: Judgement; at: number }) {
  const statuses = judgement.reports.map((report) => report.statusAsOf).filter((asOf) => asOf !== null);
  const oldest = statuses.length === 0 ? null : Math.min(...statuses);
  return (
    <section className="block ages">
      <dl className="facts">
        <Age label={say("field.checked_at")} value={moment(at)} />
        <Age label={say("field.status_age")} value={oldest === null ? say("value.not_known") : aged(at, oldest)} />
        {judgement.packAsOf === null ? (
          <Age label={say("field.judged_by")} value={say("value.by_service")} />
        ) : (
          <Age label={say("field.pack_age")} value={aged(at, judgement.packAsOf)} />
        )}
      </dl>
    </section>
  );
}

function aged(at: number, asOf: number): string {
  return say("value.aged", { duration: duration(at - asOf), moment: moment(asOf) });
}

function Age({ label, value }: { label: string; value: string }) {
  return (
    <div className="fact">
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Draw the technical side: codes, steps, deviations. */
export function Technical({ judgement }: { judgement: Judgement }) {
  return (
    <details className="block technical">
      <summary>{say("button.details")}</summary>
      {judgement.code === "" ? null : <p>{say("field.code")}: <code>{judgement.code}</code></p>}
      {judgement.reports.map((report) => <Checks key={report.credentialType ?? ""} report={report} />)}
    </details>
  );
}

function Checks({ report }: { report: Report }) {
  return (
    <>
      <p className="soft"><code><Plain text={report.credentialType ?? ""} /></code></p>
      <ol className="checks">
        {report.checks.map((check) => (
          <li key={check.id} className={`check check-${check.outcome}`}>
            <span className="check-name">{say(`check.${check.id}`)}</span>
            <span className="check-outcome">{say(`outcome.${check.outcome}`)}</span>
            {check.outcome === "pass" || check.outcome === "not_applicable" ? null : (
              <span>{reasonOf(fullCode(check))}</span>
            )}
            <code>{fullCode(check)}</code>
          </li>
        ))}
      </ol>
      {report.deviations.length === 0 ? null : (
        <p>{say("note.deviations", { count: report.deviations.length })}</p>
      )}
      {has("note.sequence") ? (
        <p className="soft">{say("note.sequence", { number: report.packSequence })}</p>
      ) : null}
    </>
  );
}
