/** Start the app: what the device keeps first, so that it is there without a network; then the screens. */
import { render } from "preact";

import { openDatabase } from "./offline/database.ts";
import { Lock } from "./offline/lock.ts";
import { Locking } from "./parts/locking.tsx";
import { OwnDevice } from "./offline/own_device.ts";
import { keepInstalled } from "./offline/updates.ts";
import { later } from "./parts/later.tsx";
import { watchFaults } from "./session/faults.ts";
import { Scans } from "./scans/scans.ts";
import { Shell } from "./shell.tsx";
import type { Room } from "./shell.tsx";
import { VisitsContext } from "./visits/at_hand.ts";
import { openVisits } from "./opening.ts";

const VisitsScreen = later(async () => (await import("./visit_screens/visits.tsx")).VisitsScreen);
const ROOMS: readonly Room[] = [{ path: "visits", title: "screen.visits", Screen: VisitsScreen }];

async function start(place: HTMLElement): Promise<void> {
  watchFaults();
  const database = await openDatabase();
  const lock = new Lock(database);
  await lock.start();
  const device = await OwnDevice.open(database, lock);
  const scans = new Scans(device);
  lock.onForget(() => scans.clear());
  const visits = await openVisits(database, device, scans, lock);
  render(
    <VisitsContext.Provider value={visits}>
      <Locking lock={lock} device={device}>
        <Shell device={device} scans={scans} rooms={ROOMS} />
      </Locking>
    </VisitsContext.Provider>,
    place,
  );
  device.keepSynchronised();
  await keepInstalled();
}

const place = document.getElementById("app");
if (place !== null) {
  start(place).catch((error: unknown) => {
    // No texts are there yet, and perhaps no database: private windows of some browsers have none.
    const reason = error instanceof Error ? error.name : "unknown";
    place.textContent = `The app could not start on this device (${reason}).`;
  });
}
