/** Settings: language, where one is, how things look and sound, this device and its trust data. */
import { useState } from "preact/hooks";

import { EmployerAsked } from "../parts/employer_asked.tsx";
import { LockWithoutVisit } from "../parts/visit_strip.tsx";
import { Choice, Button, Switch } from "../parts/forms.tsx";
import type { Option } from "../parts/forms.tsx";
import { PairForm } from "../parts/pair_form.tsx";
import { useDevice, useHand } from "../scans/context.ts";
import type { DeviceState, Purpose, Settings, Theme } from "../session/device.ts";
import { useBusy } from "../session/busy.ts";
import { country, languageOptions, moment, say, spoken } from "../words/texts.ts";

/** The States of the coordination: those where somebody can be at work on an A1. */
const STATES =
  "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split(" ");
const THEMES: readonly Theme[] = ["device", "light", "dark", "strong"];
const PURPOSES: readonly Purpose[] = ["inspection", "care"];

/** Draw the settings; each is kept as soon as it is changed. */
export function SettingsScreen() {
  const { device } = useHand();
  const state = useDevice();
  const { settings } = state;
  const change = (changed: Partial<Settings>): void => void device.saveSettings({ ...settings, ...changed });
  const languages = state.configuration?.languages ?? ["en"];
  return (
    <>
      <h1>{say("screen.settings")}</h1>
      <section className="block">
        <Choice
          label={say("screen.language")}
          value={settings.language === "" ? spoken() : settings.language}
          options={languageOptions(languages)}
          onValue={(language) => change({ language })}
        />
        <Choice
          label={say("screen.visit.purpose")}
          value={settings.purpose}
          options={PURPOSES.map((each) => ({ value: each, label: say(`purpose.${each}`) }))}
          onValue={(purpose) => change({ purpose: purpose as Purpose })}
        />
        <Choice
          label={say("field.my_state")}
          hint={say("field.my_state.hint")}
          value={settings.state}
          options={states()}
          onValue={(chosen) => change({ state: chosen })}
        />
        <EmployerAsked />
      </section>
      <section className="block">
        <Choice
          label={say("field.theme")}
          value={settings.theme}
          options={THEMES.map((each) => ({ value: each, label: say(`theme.${each}`) }))}
          onValue={(theme) => change({ theme: theme as Theme })}
        />
        <Switch label={say("field.sound")} checked={settings.sound} onValue={(sound) => change({ sound })} />
        <Switch
          label={say("field.vibration")}
          checked={settings.vibration}
          onValue={(vibration) => change({ vibration })}
        />
      </section>
      <TrustData state={state} />
      {state.paired === null || state.revoked ? <PairForm /> : null}
      {state.paired === null ? null : <Registered state={state} />}
    </>
  );
}

function states(): readonly Option[] {
  const named = STATES.map((code) => ({ value: code, label: country(code) }));
  named.sort((one, other) => one.label.localeCompare(other.label, spoken()));
  return [{ value: "", label: say("value.no_state") }, ...named];
}

function TrustData({ state }: { state: DeviceState }) {
  const { device } = useHand();
  const { pack } = state;
  return (
    <section className="block">
      <h2>{say("screen.trust")}</h2>
      {pack === null ? (
        <p>{say("note.no_pack")}</p>
      ) : (
        <p>
          {say("note.pack_detail", {
            number: pack.sequence,
            from: moment(pack.issuedAt),
            until: moment(pack.nextUpdate),
          })}
        </p>
      )}
      <Button disabled={!state.online || state.synchronising} onClick={() => void device.synchronise()}>
        {say(state.synchronising ? "note.synchronising" : "button.sync")}
      </Button>
    </section>
  );
}

function Registered({ state }: { state: DeviceState }) {
  const { device } = useHand();
  const [asking, setAsking] = useState(false);
  const [busy, once] = useBusy();
  return (
    <section className="block">
      <h2>{say("screen.device")}</h2>
      {state.revoked ? null : <p>{say("note.paired", { name: state.paired?.name ?? "" })}</p>}
      <LockWithoutVisit />
      {asking ? (
        <div role="alert">
          <p>{say("note.logout_sure")}</p>
          <div className="visit-choices">
            <Button kind="first" busy={busy} onClick={() => void once(() => device.unpair())}>
              {say("button.logout")}
            </Button>
            <Button onClick={() => setAsking(false)}>{say("button.cancel")}</Button>
          </div>
        </div>
      ) : <Button kind="quiet" onClick={() => setAsking(true)}>{say("button.logout")}</Button>}
    </section>
  );
}
