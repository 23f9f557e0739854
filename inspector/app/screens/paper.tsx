/** A paper without any code: what can be checked is checked, and that it cannot be authenticated here is said. */
import { useState } from "preact/hooks";

import { judgePaper } from "../../core/paper/paper.ts";
import type { PaperResult, TypedPaper } from "../../core/index.ts";
import { Button, Choice, TextField } from "../parts/forms.tsx";
import { PaperFindings } from "../parts/verdict/paper_findings.tsx";
import { PhotoToRead } from "../parts/scanning/photo_to_read.tsx";
import { useDevice, useHand } from "../scans/context.ts";
import { dayAt } from "../session/question.ts";
import { country, say, spoken } from "../words/texts.ts";

type Typed = Record<TypedName, string>;
type TypedName =
  | "institutionId" | "institutionName" | "country" | "number" | "surname" | "forenames" | "birthDate" | "issued"
  | "first" | "last" | "statusCode" | "places" | "employer";

const EMPTY: Typed = {
  institutionId: "", institutionName: "", country: "", number: "", surname: "", forenames: "", birthDate: "",
  issued: "", first: "", last: "", statusCode: "", places: "", employer: "",
};
const SITUATIONS = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"];
const ISSUING_STATES =
  "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split(" ");

/** Draw the form, and beneath it what was found. */
export function Paper() {
  const { device } = useHand();
  const { institutions } = useDevice();
  const [typed, setTyped] = useState(EMPTY);
  const [result, setResult] = useState<PaperResult | null>(null);
  const fill = (name: TypedName) => (value: string): void => {
    setTyped({ ...typed, [name]: value });
    setResult(null);
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    setResult(judgePaper(typedPaper(typed), { institutions, onDate: dayAt(device.now()) }));
  };
  return (
    <>
      <h1>{say("screen.paper")}</h1>
      <p>{say("screen.paper.hint")}</p>
      <PhotoToRead />
      <form className="block" onSubmit={submit}>
        <Issuer typed={typed} fill={fill} />
        <Person typed={typed} fill={fill} />
        <Work typed={typed} fill={fill} />
        <Button type="submit" kind="first">{say("button.check")}</Button>
      </form>
      {result === null ? null : <PaperFindings result={result} />}
    </>
  );
}

interface Part {
  typed: Typed;
  fill: (name: TypedName) => (value: string) => void;
}

function Issuer({ typed, fill }: Part) {
  return (
    <>
      <Choice
        label={say("field.issuing_state")}
        value={typed.country}
        options={stateOptions()}
        onValue={fill("country")}
      />
      <TextField
        label={say("field.institution")}
        value={typed.institutionName}
        onValue={fill("institutionName")}
      />
      <TextField
        label={say("field.institution_id")}
        hint={say("field.institution_id.hint")}
        value={typed.institutionId}
        onValue={fill("institutionId")}
        maxLength={40}
      />
      <TextField
        label={say("field.document_number")}
        value={typed.number}
        onValue={fill("number")}
        maxLength={60}
      />
      <TextField label={say("field.issued_on")} type="date" value={typed.issued} onValue={fill("issued")} />
    </>
  );
}

function Person({ typed, fill }: Part) {
  const birth = fill("birthDate");
  return (
    <>
      <TextField label={say("field.surnames")} value={typed.surname} onValue={fill("surname")} maxLength={120} />
      <TextField
        label={say("field.forenames")}
        value={typed.forenames}
        onValue={fill("forenames")}
        maxLength={120}
      />
      <TextField label={say("field.date_of_birth")} type="date" value={typed.birthDate} onValue={birth} />
    </>
  );
}

function Work({ typed, fill }: Part) {
  return (
    <>
      <TextField label={say("field.first_day")} type="date" value={typed.first} onValue={fill("first")} />
      <TextField label={say("field.last_day")} type="date" value={typed.last} onValue={fill("last")} />
      <Choice
        label={say("field.situation")}
        value={typed.statusCode}
        options={situationOptions()}
        onValue={fill("statusCode")}
      />
      <TextField
        label={say("field.states_of_work")}
        hint={say("field.states_of_work.hint")}
        value={typed.places}
        onValue={fill("places")}
      />
      <TextField label={say("field.employer")} value={typed.employer} onValue={fill("employer")} />
    </>
  );
}

/** Return what was typed, without what was left empty. */
function typedPaper(typed: Typed): TypedPaper {
  const places = typed.places.toUpperCase().split(/[^A-Z]+/).filter((each) => each !== "");
  const filled = Object.entries(typed).filter(([name, value]) => name !== "places" && value.trim() !== "");
  const trimmed = Object.fromEntries(filled.map(([name, value]) => [name, value.trim()]));
  return { kind: "pda1", ...trimmed, ...(places.length === 0 ? {} : { places }) };
}

function stateOptions() {
  const named = ISSUING_STATES.map((code) => ({ value: code, label: country(code) }));
  named.sort((one, other) => one.label.localeCompare(other.label, spoken()));
  return [{ value: "", label: say("value.choose") }, ...named];
}

function situationOptions() {
  const named = SITUATIONS.map((code) => ({ value: code, label: `${code} ${say(`situation.${code}`)}` }));
  return [{ value: "", label: say("value.choose") }, ...named];
}
