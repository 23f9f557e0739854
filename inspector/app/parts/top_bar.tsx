/** The bar: where one is, for what purpose, how old the knowledge is, which visit is open; then the notices. */
import { useEffect, useState } from "preact/hooks";

import { useDevice, useHand } from "../scans/context.ts";
import type { DeviceState } from "../session/device.ts";
import { useRoute } from "../session/routes.ts";
import { clock, duration, languageOptions, moment, say } from "../words/texts.ts";
import { Icon } from "./icons.tsx";
import { Notices } from "./notices.tsx";
import { VisitStrip } from "./visit_strip.tsx";

/** Draw the bar, and beneath it whatever has to be known before anything is believed. */
export function TopBar() {
  const device = useDevice();
  const { screen } = useRoute();
  return (
    <header className="bar">
      <div className="bar-line">
        {screen === "" ? <span className="bar-mark" aria-hidden="true" /> : (
          <a className="bar-back" href="#/"><Icon name="back" /><span>{say("screen.home_short")}</span></a>
        )}
        <p className="bar-name">
          <strong>{say(device.settings.purpose === "care" ? "screen.care" : "screen.home")}</strong>
          {device.configuration === null ? null : <span>{device.configuration.name}</span>}
        </p>
        <LanguageSwitch />
      </div>
      <PackAge device={device} />
      <VisitStrip />
      <Notices />
    </header>
  );
}

/** Change the language at once; every language is called by its own name. */
function LanguageSwitch() {
  const { device } = useHand();
  const { settings, configuration } = useDevice();
  const languages = configuration?.languages ?? ["en"];
  const chosen = settings.language === "" ? document.documentElement.lang : settings.language;
  return (
    <select
      className="bar-language"
      aria-label={say("screen.language")}
      value={chosen}
      onChange={(event) => void device.saveSettings({ ...settings, language: event.currentTarget.value })}
    >
      {languageOptions(languages).map(({ value, label, lang }) => (
        <option key={value} value={value} lang={lang}>{label}</option>
      ))}
    </select>
  );
}

/** Say from when the trust data are, in words that hold without a network. */
function PackAge({ device }: { device: DeviceState }) {
  const { device: hand } = useHand();
  const now = useMinute(() => hand.now());
  if (device.pack === null) return null;
  const age = Math.max(60, now - device.pack.issuedAt);
  const isOld = now > device.pack.nextUpdate;
  return (
    <p className={isOld ? "bar-age bar-age-old" : "bar-age"}>
      <Icon name={isOld ? "clock" : "check"} />
      <span>{say("note.pack_age", { duration: duration(age) })}</span>
      {device.online ? null : <span className="bar-offline">{say("note.offline")}</span>}
    </p>
  );
}

/** Return a time that is read again every minute. */
export function useMinute(read: () => number): number {
  const [now, setNow] = useState(read());
  useEffect(() => {
    const timer = setInterval(() => setNow(read()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** Say a time as a time of day where it is today's, with its day otherwise. */
export function when(epoch: number, now: number): string {
  const isToday = new Date(epoch * 1000).toDateString() === new Date(now * 1000).toDateString();
  return isToday ? clock(epoch) : moment(epoch);
}
