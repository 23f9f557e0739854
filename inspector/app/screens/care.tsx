/** The care desk: the day of treatment, and with it everything that is judged. Never an A1. */
import { Switch, TextField } from "../parts/forms.tsx";
import { useHand } from "../scans/context.ts";
import { dayAt } from "../session/question.ts";
import { day, say } from "../words/texts.ts";
import { useEffect, useState } from "preact/hooks";
import { BigButtons } from "./home.tsx";
import { useDevice } from "../scans/context.ts";

/** Draw the care desk by itself; to open it is to work as one. */
export function Care() {
  const { device } = useHand();
  const { settings } = useDevice();
  useEffect(() => {
    if (settings.purpose !== "care") void device.saveSettings({ ...settings, purpose: "care" });
  }, [settings.purpose]);
  return (
    <>
      <h1 className="home-title">{say("screen.care.question")}</h1>
      <CareQuestion />
      <BigButtons />
    </>
  );
}

/** Ask for the day of treatment; today unless another is chosen. */
export function CareQuestion() {
  const { device, scans } = useHand();
  const today = dayAt(device.now());
  const [chosen, setChosen] = useState(scans.treatmentDay === "" ? today : scans.treatmentDay);
  const choose = (value: string): void => {
    setChosen(value);
    scans.treatmentDay = value === today ? "" : value;
  };
  const [pinned, setPinned] = useState(scans.treatmentDayPinned);
  const pin = (value: boolean): void => {
    setPinned(value);
    scans.treatmentDayPinned = value;
  };
  const isOther = chosen !== "" && chosen !== today;
  return (
    <div className="care-question">
      <TextField label={say("field.treatment_day")} type="date" value={chosen} onValue={choose} />
      <p className="soft">
        {isOther ? say("note.coverage_on", { day: day(chosen) }) : say("note.coverage_today")}
      </p>
      {isOther ? <Switch label={say("field.keep_day")} checked={pinned} onValue={pin} /> : null}
    </div>
  );
}
