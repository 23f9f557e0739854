/** The installed app: put in place for starts without a network, and what its service worker reports. */
import { Watch } from "../session/watching.ts";

export interface InstalledState {
  /** Whether the app starts without a network from now on. */
  readonly ready: boolean;
  /** Whether a newer version waits until it may take over. */
  readonly newer: boolean;
  /** The last file that was not the one that was built: altered on the device, or refused on its way here. */
  readonly altered: string;
}

/** What the screens may tell of it. */
export const installed = new Watch<InstalledState>({ ready: false, newer: false, altered: "" });

interface Told {
  readonly from: "service_worker";
  readonly kind: "altered" | "refused";
  readonly file: string;
}

/** Install the app, and follow what becomes of it. Without service workers it runs from the network only. */
export async function keepInstalled(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", (event: MessageEvent<Told>) => {
    if (event.data.from === "service_worker") installed.set({ ...installed.state(), altered: event.data.file });
  });
  try {
    const options = { scope: "./", updateViaCache: "none" } as const;
    const registration = await navigator.serviceWorker.register("service_worker.js", options);
    registration.addEventListener("updatefound", () => follow(registration.installing));
    if (registration.waiting !== null) installed.set({ ...installed.state(), newer: true });
    document.addEventListener("visibilitychange", () => {
      const isWanted = document.visibilityState === "visible" && navigator.onLine;
      if (isWanted) void registration.update().catch(() => undefined);
    });
  } catch {
    return; // offline at the first start, or forbidden: `ready` stays false
  }
  await navigator.serviceWorker.ready;
  installed.set({ ...installed.state(), ready: true });
}

/** Let the newer version take over, and start the app anew with it. */
export async function update(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  if (registration?.waiting === null || registration === undefined) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  registration.waiting.postMessage("take over");
}

function follow(worker: ServiceWorker | null): void {
  worker?.addEventListener("statechange", () => {
    const isNewer = worker.state === "installed" && navigator.serviceWorker.controller !== null;
    if (isNewer) installed.set({ ...installed.state(), newer: true });
  });
}
