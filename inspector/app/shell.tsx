/** The frame of the app: its bar, the screen that the address names, and the words of the chosen language. */
import { useEffect, useMemo, useState } from "preact/hooks";

import { later } from "./parts/later.tsx";
import type { Screen } from "./parts/later.tsx";
import { TopBar } from "./parts/top_bar.tsx";
import { Care } from "./screens/care.tsx";
import { Home } from "./screens/home.tsx";
import { ScanScreen } from "./screens/scan.tsx";
import { VerdictScreen } from "./screens/verdict.tsx";
import { HandContext } from "./scans/context.ts";
import type { Device } from "./session/device.ts";
import type { Route } from "./session/routes.ts";
import { useRoute } from "./session/routes.ts";
import type { Scans } from "./scans/scans.ts";
import { say, speak } from "./words/texts.ts";
import { useWatched } from "./session/watching.ts";
import "./styles/tokens.css";
import "./styles/frame.css";
import "./styles/controls.css";
import "./styles/screens.css";
import "./styles/verdict.css";
import "./styles/visits.css";

/** A screen that another part of the app brings; `title` is the key of its name, and home leads to it. */
export interface Room {
  readonly path: string;
  readonly title: string;
  readonly Screen: Screen;
}

const SCREENS: Readonly<Record<string, Screen>> = {
  "": Home,
  scan: ScanScreen,
  verdict: VerdictScreen,
  care: Care,
  ask: later(async () => (await import("./screens/ask.tsx")).Ask),
  paper: later(async () => (await import("./screens/paper.tsx")).Paper),
  import: later(async () => (await import("./screens/import.tsx")).Import),
  settings: later(async () => (await import("./screens/settings.tsx")).SettingsScreen),
  history: later(async () => (await import("./screens/history.tsx")).History),
};

export interface ShellProps {
  device: Device;
  scans: Scans;
  rooms?: readonly Room[];
}

/** Draw the app. */
export function Shell({ device, scans, rooms = [] }: ShellProps) {
  const { settings } = useWatched(device);
  const route = useRoute();
  const language = useLanguage(settings.language);
  const hand = useMemo(() => ({ device, scans, rooms }), [device, scans, rooms]);
  useEffect(() => {
    document.documentElement.dataset["theme"] = settings.theme;
  }, [settings.theme]);
  useEffect(() => {
    document.title = `${titleOf(route, rooms)} · Portadoc`;
    scrollTo(0, 0);
    if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
  }, [route.screen, route.rest, language]);
  if (language === "") return null;
  const Screen = screenOf(route, rooms);
  return (
    <HandContext.Provider value={hand}>
      <a className="skip" href="#main" onClick={skip}>{say("button.skip")}</a>
      <TopBar key={`bar-${language}`} />
      <main id="main" tabIndex={-1} key={`${language}/${route.screen}`}>
        <Screen rest={route.rest} />
      </main>
    </HandContext.Provider>
  );
}

/** Return the language once its texts are there; empty before that. */
function useLanguage(chosen: string): string {
  const [language, setLanguage] = useState("");
  const wished = chosen === "" ? (navigator.language.split("-")[0] ?? "en") : chosen;
  useEffect(() => {
    let isWanted = true;
    void speak(wished).then(() => {
      if (isWanted) setLanguage(wished);
    });
    return () => {
      isWanted = false;
    };
  }, [wished]);
  return language;
}

function screenOf(route: Route, rooms: readonly Room[]): Screen {
  const own = Object.hasOwn(SCREENS, route.screen) ? SCREENS[route.screen] : undefined;
  return own ?? rooms.find((room) => room.path === route.screen)?.Screen ?? Home;
}

function titleOf(route: Route, rooms: readonly Room[]): string {
  const room = rooms.find((each) => each.path === route.screen);
  const key = room?.title ?? `screen.${route.screen === "verdict" ? "result" : route.screen || "home"}`;
  return say(key);
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
