/**
 * What the document says: from when to when against the day in question, where against here, for whom, by whom.
 */
import type { ComponentChildren } from "preact";

import { levelled } from "../../../core/judging/policy.ts";
import type { AskedFacts, Facts, Place } from "../../scans/facts.ts";
import type { Question } from "../../session/question.ts";
import { country, day, duration, has, listed, say } from "../../words/texts.ts";
import { visible } from "../../words/visible.ts";
import { Icon } from "../icons.tsx";
import { Plain } from "../plain.tsx";

const SECONDS_PER_DAY = 86_400;

/** Draw the facts that were shown. */
export function DocumentFacts({ facts, question, today }: { facts: Facts; question: Question; today: string }) {
  const { asked } = facts;
  const isA1 = facts.kind === "pda1";
  const number = isA1 ? "field.document_number" : asked === null ? "field.card_number" : "field.case_number";
  return (
    <section className="block">
      <h2>{say(has(`kind.${facts.kind}`) ? `kind.${facts.kind}` : "field.kind")}</h2>
      <dl className="facts">
        {asked === null ? (
          <Period facts={facts} onDate={question.onDate} isToday={question.onDate === today} />
        ) : (
          <Asked asked={asked} />
        )}
        <Row label={say("field.legislation")} shown={facts.legislation !== ""}>{country(facts.legislation)}</Row>
        <HostStates facts={facts} here={question.state} />
        <Row label={say("field.employer")} shown={facts.employers.length > 0}>
          <Places places={facts.employers} />
          <EmployerHeld facts={facts} asked={question.employer} />
        </Row>
        <Row label={say("field.workplaces")} shown={facts.workplaces.length > 0}>
          <Places places={facts.workplaces} />
          {facts.moreWorkplaces > 0 ? <p>{say("note.more_workplaces", { count: facts.moreWorkplaces })}</p> : null}
        </Row>
        <Row label={say("field.situation")} shown={facts.situation !== ""}>
          {has(`situation.${facts.situation}`) ? (
            say(`situation.${facts.situation}`)
          ) : (
            <Plain text={facts.situation} />
          )}
        </Row>
        <Row label={say(number)} shown={facts.number !== ""}>
          <Plain text={facts.number} />
        </Row>
        <Row label={say("field.pin")} shown={question.purpose === "care" && facts.pin !== ""}>
          <Plain text={facts.pin} />
        </Row>
        <Row label={say("field.issued_on")} shown={facts.issuedOn !== ""}>
          <Plain text={day(facts.issuedOn)} />
        </Row>
        <Row label={say("field.expires_on")} shown={facts.expiresOn !== ""}>
          <Plain text={day(facts.expiresOn)} />
        </Row>
        <Row label={say("field.institution")} shown={facts.institution.name !== "" || facts.institutionId !== ""}>
          <Places places={[facts.institution]} />
          <span className="soft"><Plain text={facts.institutionId} /></span>
        </Row>
      </dl>
    </section>
  );
}

function Row({ label, shown, children }: { label: string; shown: boolean; children: ComponentChildren }) {
  if (!shown) return null;
  return (
    <div className="fact">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Period({ facts, onDate, isToday }: { facts: Facts; onDate: string; isToday: boolean }) {
  const { first, last } = facts;
  const label = say(facts.kind === "pda1" ? "field.coverage" : "field.entitled");
  if (first === "" && last === "")
    return (
      <Row label={label} shown>
        {say("value.not_stated")}
      </Row>
    );
  const key =
    first !== "" && last !== "" ? "value.period" : first === "" ? "value.period_until" : "value.period_from";
  const before = first !== "" && onDate < first;
  const after = last !== "" && onDate > last;
  const apart = duration(
    SECONDS_PER_DAY * Math.max(1, daysBetween(before ? onDate : last, before ? first : onDate)),
  );
  const where = before ? "before" : after ? "after" : "within";
  return (
    <Row label={label} shown>
      <span className="period">{say(key, { first: day(first), last: day(last) })}</span>
      <Held holds={!before && !after}>
        {say(`note.day_${where}`, {
          day: isToday ? say("value.today", { day: day(onDate) }) : day(onDate),
          duration: apart,
        })}
      </Held>
    </Row>
  );
}

/** Say what was asked for, and hold it against nothing: none of it is decided. */
function Asked({ asked }: { asked: AskedFacts }) {
  const { first, last, urgent } = asked;
  return (
    <>
      <Row label={say("field.filed_on")} shown={asked.filedOn !== ""}>
        <Plain text={`${day(asked.filedOn)}, ${asked.filedTime} UTC`} />
        {urgent ? <p>{say("note.urgent")}</p> : null}
      </Row>
      <Row label={say("field.asked_period")} shown={first !== ""}>
        {say(last === "" ? "value.period_from" : "value.period", { first: day(first), last: day(last) })}
      </Row>
      <Row label={say("field.asked_legislation")} shown={asked.legislation !== ""}>
        {country(asked.legislation)}
      </Row>
      <Row label={say("field.states_of_work")} shown={asked.statesOfWork.length > 0}>
        {listed(asked.statesOfWork.map(country))}
      </Row>
    </>
  );
}

function HostStates({ facts, here }: { facts: Facts; here: string }) {
  const known = facts.statesOfWork.length > 0;
  const fits = facts.statesOfWork.includes(here) || facts.legislation === here;
  return (
    <Row label={say("field.states_of_work")} shown={known}>
      <span>{listed(facts.statesOfWork.map(country))}</span>
      {here === "" ? null : (
        <Held holds={fits}>{say(fits ? "note.state_fits" : "note.state_differs", { state: country(here) })}</Held>
      )}
    </Row>
  );
}

function EmployerHeld({ facts, asked }: { facts: Facts; asked: string }) {
  const known = facts.employers.map(({ id }) => levelled(id)).filter((id) => id !== "");
  if (asked === "" || known.length === 0) return null;
  const fits = known.includes(levelled(asked));
  const key = fits ? "note.employer_fits" : "note.employer_differs";
  return <Held holds={fits}>{say(key, { employer: visible(asked) })}</Held>;
}

/** Say whether something fits what is asked: by a mark and a sentence. */
function Held({ holds, children }: { holds: boolean; children: ComponentChildren }) {
  return (
    <span className={holds ? "held" : "held held-not"}>
      <Icon name={holds ? "check" : "cross"} />
      <span>{children}</span>
    </span>
  );
}

function Places({ places }: { places: readonly Place[] }) {
  return (
    <ul className="places">
      {places.map((place) => (
        <li key={`${place.name}|${place.address}`}>
          <strong><Plain text={place.name} /></strong>
          {place.id === "" ? null : <span className="soft"><Plain text={place.id} /></span>}
          {place.address === "" ? null : <span className="soft"><Plain text={place.address} /></span>}
          {place.country === "" ? null : <span className="soft">{country(place.country)}</span>}
        </li>
      ))}
    </ul>
  );
}

function daysBetween(first: string, last: string): number {
  return Math.round(
    (Date.parse(`${last}T00:00:00Z`) - Date.parse(`${first}T00:00:00Z`)) / (1000 * SECONDS_PER_DAY),
  );
}
