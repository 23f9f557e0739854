/** The camera: explained before it is asked for, then one code after another becomes a verdict. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { CameraControls } from "../parts/scanning/camera_controls.tsx";
import { FrameBar } from "../parts/scanning/frame_bar.tsx";
import { Button } from "../parts/forms.tsx";
import { NonceCard } from "../parts/scanning/nonce_card.tsx";
import { colourOfScan, lineOf, ScanList, Tally } from "../parts/scanning/scan_list.tsx";
import type { CameraAbilities, CameraFault } from "../scanner/camera.ts";
import { Camera } from "../scanner/camera.ts";
import { useDevice, useHand } from "../scans/context.ts";
import { go } from "../session/routes.ts";
import type { Scan } from "../scans/scans.ts";
import { Series } from "../scans/series.ts";
import { allowSound, signal } from "../session/signals.ts";
import { say } from "../words/texts.ts";
import { useWatched } from "../session/watching.ts";

/** Draw the camera, or why it is asked for. */
export function ScanScreen() {
  const { device } = useHand();
  const { settings } = useDevice();
  if (settings.cameraExplained) return <Viewfinder />;
  const agree = (): void => {
    allowSound();
    void device.saveSettings({ ...settings, cameraExplained: true });
  };
  return (
    <section className="block explain">
      <h1>{say("screen.camera")}</h1>
      <p>{say("screen.camera.why")}</p>
      <p>{say("screen.camera.stays")}</p>
      <Button kind="first" icon="scan" onClick={agree}>{say("button.use_camera")}</Button>
      <OtherWays />
    </section>
  );
}

function Viewfinder() {
  const { device, scans } = useHand();
  const { settings } = useDevice();
  const video = useRef<HTMLVideoElement>(null);
  const camera = useRef<Camera | null>(null);
  const series = useMemo(() => new Series(scans), [scans]);
  const [abilities, setAbilities] = useState<CameraAbilities | null>(null);
  const [fault, setFault] = useState<CameraFault | null>(null);
  const many = useRef(settings.continuous);
  many.current = settings.continuous;
  const mine = useSeriesScans(settings.continuous);
  useEffect(() => {
    if (video.current === null) return;
    const opened = new Camera(video.current, {
      found: (codes) => void series.offer(codes).then((id) => {
        if (id !== null && !many.current) go(`verdict/${id}`, true);
      }),
      started: (able) => { setAbilities(able); setFault(null); },
      failed: setFault,
    });
    camera.current = opened;
    void opened.start();
    return () => opened.stop();
  }, [series]);
  const setMany = (continuous: boolean): void => void device.saveSettings({ ...settings, continuous });
  return (
    <div className="scan">
      <h1 className="scan-title">{say(settings.continuous ? "screen.many" : "screen.scan")}</h1>
      <div className="viewfinder">
        <video ref={video} muted playsInline aria-label={say("screen.scan.picture")} />
        <span className="viewfinder-frame" aria-hidden="true" />
        <p className="viewfinder-word" role="status">
          {say(fault === null ? "note.hold_still" : `camera.${fault}`)}
        </p>
      </div>
      <FrameBar series={series} />
      <CameraControls
        camera={camera}
        abilities={abilities}
        continuous={settings.continuous}
        onContinuous={setMany}
      />
      {settings.continuous ? <Running scans={mine} /> : null}
      <NonceCard />
      <OtherWays />
    </div>
  );
}

/** Return the scans since the series began, and give the signal of each as it is judged. */
function useSeriesScans(active: boolean): readonly Scan[] {
  const { device, scans } = useHand();
  const all = useWatched(scans);
  const [since] = useState(() => new Set(scans.state().map((scan) => scan.id)));
  useEffect(() => {
    if (!active) return;
    return scans.onSettled((scan) => {
      const colour = colourOfScan(scan);
      if (scan.compared === null) signal(colour ?? "amber", device.state().settings);
    });
  }, [active, scans]);
  return all.filter((scan) => !since.has(scan.id));
}

/** Draw what came of the papers so far; the newest is read out. */
function Running({ scans }: { scans: readonly Scan[] }) {
  const [newest] = scans;
  return (
    <section className="running">
      <p
        className={`running-newest tone-${newest === undefined ? "none" : (colourOfScan(newest) ?? "none")}`}
        role="status"
      >
        {newest === undefined ? say("note.many_first") : lineOf(newest)}
      </p>
      <Tally scans={scans} />
      <ScanList scans={scans} />
    </section>
  );
}

/** The other ways in, equal in rank. */
function OtherWays() {
  return (
    <div className="other-ways">
      <a className="home-link" href="#/import">{say("button.import")}</a>
      <a className="home-link" href="#/import/text">{say("button.paste")}</a>
    </div>
  );
}
