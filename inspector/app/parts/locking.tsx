/** What is shown while the device is locked: what happened, what was wiped, what waits, and how to go on. */
import type { ComponentChildren } from "preact";
import { createContext } from "preact";
import type { RefObject } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";

import { IDLE_S } from "../offline/lock.ts";
import type { Lock, LockState } from "../offline/lock.ts";
import type { Device } from "../session/device.ts";
import { go } from "../session/routes.ts";
import { useWatched } from "../session/watching.ts";
import { useVisits, useVisitsState } from "../visits/at_hand.ts";
import type { Visits } from "../visits/visits.ts";
import { duration, say, speak } from "../words/texts.ts";
import { Button } from "./forms.tsx";
import { Icon } from "./icons.tsx";

const LockContext = createContext<Lock | null>(null);

/** Show the app, or in its place that it is locked. */
export function Locking({ lock, device, children }: { lock: Lock; device: Device; children: ComponentChildren }) {
  const { locked, by } = useWatched(lock);
  const { language, theme } = device.state().settings;
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  return (
    <LockContext.Provider value={lock}>
      {locked ? <Locked language={language} by={by} onUnlock={() => lock.unlock()} /> : children}
    </LockContext.Provider>
  );
}

/** The button by which a person locks the device. */
export function LockButton() {
  const lock = useContext(LockContext);
  if (lock === null) return null;
  return <Button icon="lock" onClick={() => void lock.lock()}>{say("button.lock")}</Button>;
}

interface LockedProps {
  language: string;
  by: LockState["by"];
  onUnlock: () => void;
}

function Locked({ language, by, onUnlock }: LockedProps) {
  const isSpoken = useSpoken(language);
  const heading = useRef<HTMLHeadingElement>(null);
  const visits = useVisits();
  useEffect(() => {
    if (isSpoken) document.title = `${say("screen.lock")} · Portadoc`;
    heading.current?.focus();
  }, [isSpoken]);
  if (!isSpoken) return null;
  if (by === "logout") return <SignedOut heading={heading} onGo={onUnlock} />;
  const scan = (): void => {
    onUnlock();
    go("scan");
  };
  return (
    <main id="main" className="locked">
      <Icon name="lock" />
      <h1 ref={heading} tabIndex={-1}>{say("screen.lock")}</h1>
      <p className="locked-why">{why(by)}</p>
      <ul className="locked-facts">
        <li><Icon name="check" /><span>{say("note.locked")}</span></li>
        {visits === null ? null : <Waiting visits={visits} />}
        {visits === null ? null : <Left visits={visits} />}
        <li><Icon name="scan" /><span>{say("note.locked_next")}</span></li>
      </ul>
      <div className="next-buttons">
        <Button kind="first" icon="scan" onClick={scan}>{say("button.scan")}</Button>
        <Button icon="home" onClick={onUnlock}>{say("button.continue")}</Button>
      </div>
    </main>
  );
}

/** What follows a sign-out: nothing is locked, and nobody is registered. */
function SignedOut({ heading, onGo }: { heading: RefObject<HTMLHeadingElement | null>; onGo: () => void }) {
  const visits = useVisits();
  const leave = (screen: string): void => {
    onGo();
    go(screen);
  };
  return (
    <main id="main" className="locked">
      <Icon name="check" />
      <h1 ref={heading} tabIndex={-1}>{say("screen.signed_out")}</h1>
      <p className="locked-why">{why("logout")}</p>
      <ul className="locked-facts">
        <li><Icon name="check" /><span>{say("note.signed_out")}</span></li>
        {visits === null ? null : <Waiting visits={visits} />}
      </ul>
      <div className="next-buttons">
        <Button kind="first" icon="home" onClick={() => leave("")}>{say("screen.home_short")}</Button>
        <Button icon="phone" onClick={() => leave("settings")}>{say("button.pair")}</Button>
      </div>
    </main>
  );
}

/** Tell whether the words are there, and leave the address of what was open before. */
function useSpoken(language: string): boolean {
  const [isSpoken, setSpoken] = useState(false);
  useEffect(() => {
    location.hash = "";
    const wished = language === "" ? (navigator.language.split("-")[0] ?? "en") : language;
    void speak(wished).then(() => setSpoken(true));
  }, [language]);
  return isSpoken;
}

function why(by: LockState["by"]): string {
  if (by === "idleness") return say("note.locked_by_idleness", { duration: duration(IDLE_S) });
  return say(by === "logout" ? "note.locked_by_logout" : "note.locked_by_person");
}

/** Say that an open visit goes on: its place is all that the lock left of it. */
function Left({ visits }: { visits: Visits }) {
  const left = useVisitsState(visits).visits.filter(({ stage }) => stage === "left");
  if (left.length === 0) return null;
  return <li><Icon name="list" /><span>{say("note.locked_visit")}</span></li>;
}

/** Say what the service does not have yet: it is on the device as ciphertext, and goes on being sent. */
function Waiting({ visits }: { visits: Visits }) {
  const { waiting } = useVisitsState(visits).sync;
  return (
    <li>
      <Icon name={waiting === 0 ? "check" : "clock"} />
      <span>{waiting === 0 ? say("note.locked_sent") : say("note.locked_waiting", { count: waiting })}</span>
    </li>
  );
}
