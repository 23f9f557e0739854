/** Home: two large buttons, and everything else beneath them. */
import { useEffect, useRef } from "preact/hooks";

import { Button } from "../parts/forms.tsx";
import { Icon } from "../parts/icons.tsx";
import { useDevice, useHand } from "../scans/context.ts";
import { go } from "../session/routes.ts";
import { procedures } from "../scans/scans.ts";
import { identifierOf } from "../session/question.ts";
import { settling } from "../session/settling.ts";
import { allowSound } from "../session/signals.ts";
import { country, reviewed, say, spoken, spokenFully, ownName } from "../words/texts.ts";
import { visible } from "../words/visible.ts";
import { useWatched } from "../session/watching.ts";
import { CareQuestion } from "./care.tsx";

/** Draw home. */
export function Home() {
  const { device, scans, rooms } = useHand();
  const { settings } = useDevice();
  const count = useWatched(scans).length;
  const employer = identifierOf(useWatched(scans.employer));
  useEffect(() => void procedures(), []);
  const isCare = settings.purpose === "care";
  const maySwitch = useRef(settling()).current;
  const change = (): void => void device.saveSettings({ ...settings, purpose: isCare ? "inspection" : "care" });
  return (
    <>
      <h1 className="home-title">{say(isCare ? "screen.care.question" : "screen.home.question")}</h1>
      {isCare ? <CareQuestion /> : <Here state={settings.state} employer={employer} />}
      <BigButtons />
      <nav className="home-links" aria-label={say("screen.home.more")}>
        <Link path="import" title="button.import" icon="import" />
        {isCare ? null : <Link path="paper" title="button.no_code" icon="paper" />}
        {rooms.map((room) => <Link key={room.path} path={room.path} title={room.title} icon="list" />)}
        {count === 0 ? null : <Link path="history" title="screen.history" icon="clock" />}
        <Link path="settings" title="screen.settings" icon="settings" />
      </nav>
      <Button kind="quiet" icon="turn" onClick={() => { if (maySwitch(performance.now())) change(); }}>
        {say(isCare ? "button.to_inspection" : "button.to_care")}
      </Button>
      <LanguageNote />
    </>
  );
}

/** Draw the two ways to a verdict. */
export function BigButtons() {
  return (
    <div className="big-buttons">
      <button type="button" className="big big-first" onClick={() => { allowSound(); go("scan"); }}>
        <Icon name="scan" />
        <span className="big-word">{say("button.scan")}</span>
        <span className="big-hint">{say("screen.scan.hint")}</span>
      </button>
      <button type="button" className="big" onClick={() => { allowSound(); go("ask"); }}>
        <Icon name="wallet" />
        <span className="big-word">{say("button.ask")}</span>
        <span className="big-hint">{say("screen.ask.home_hint")}</span>
      </button>
    </div>
  );
}

/** Say for which State and employer documents are judged, or that no State was chosen. */
function Here({ state, employer }: { state: string; employer: string }) {
  return (
    <p className="home-here">
      <span>{state === "" ? say("note.no_state") : say("note.state", { state: country(state) })}</span>
      {employer === "" ? null : <span>{say("note.employer_asked", { employer: visible(employer) })}</span>}
      <a href="#/settings">{say("button.change")}</a>
    </p>
  );
}

function Link({ path, title, icon }: { path: string; title: string; icon: Parameters<typeof Icon>[0]["name"] }) {
  return (
    <a className="home-link" href={`#/${path}`}>
      <Icon name={icon} />
      <span>{say(title)}</span>
    </a>
  );
}

function LanguageNote() {
  if (!spokenFully())
    return <p className="soft">{say("note.language_missing", { language: ownName(spoken()) })}</p>;
  return reviewed() ? null : <p className="soft">{say("note.not_reviewed")}</p>;
}
