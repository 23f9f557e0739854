/** What is shown while the device is locked: nothing of what was there before. */
import type { ComponentChildren } from "preact";
import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";

import { Button } from "../parts/forms.tsx";
import type { Device } from "../session/device.ts";
import { say, speak } from "../session/texts.ts";
import { useWatched } from "../session/watching.ts";
import type { Lock } from "./lock.ts";

const LockContext = createContext<Lock | null>(null);

/** Show the app, or in its place that it is locked. */
export function Locking({ lock, device, children }: { lock: Lock; device: Device; children: ComponentChildren }) {
  const { locked } = useWatched(lock);
  const { language } = device.state().settings;
  return (
    <LockContext.Provider value={lock}>
      {locked ? <Locked language={language} onUnlock={() => lock.unlock()} /> : children}
    </LockContext.Provider>
  );
}

/** The button by which a person locks the device. */
export function LockButton() {
  const lock = useContext(LockContext);
  if (lock === null) return null;
  return <Button kind="quiet" onClick={() => void lock.lock()}>{say("button.lock")}</Button>;
}

function Locked({ language, onUnlock }: { language: string; onUnlock: () => void }) {
  const [spoken, setSpoken] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    location.hash = ""; // what was open before is gone
    const wished = language === "" ? (navigator.language.split("-")[0] ?? "en") : language;
    void speak(wished).then(() => setSpoken(true));
  }, [language]);
  useEffect(() => heading.current?.focus(), [spoken]);
  if (!spoken) return null;
  return (
    <main id="main">
      <h1 ref={heading} tabIndex={-1}>{say("screen.lock")}</h1>
      <p>{say("note.locked")}</p>
      <Button onClick={onUnlock}>{say("button.unlock")}</Button>
    </main>
  );
}
