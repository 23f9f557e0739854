/** Serve the app where there is no network: every byte of it is compared with the hash that the build noted.
 *
 * What does not match is not kept, and a version of which one file does not match is never installed. Answers of
 * the service (its interface, its office, its dossiers) are not touched: they are never stored here.
 */
declare const PORTADOC_FILES: Readonly<Record<string, string>>;
declare const PORTADOC_VERSION: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const PREFIX = "portadoc-inspector-";
const CACHE = PREFIX + PORTADOC_VERSION;
const BASE = new URL("./", worker.location.href).pathname;
const SHELL = "index.html";
/** The app's own addresses; what it shows there follows behind a #. Every other page is the service's. */
const PAGES: ReadonlySet<string> = new Set(["", SHELL]);

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("message", (event) => {
  if (event.data === "take over") void worker.skipWaiting();
});
worker.addEventListener("fetch", (event) => {
  const name = fileFor(event.request);
  if (name !== null) event.respondWith(serve(name));
});

/** Fetch every file; one that does not match fails the whole, so the version before stays in force. */
async function install(): Promise<void> {
  try {
    const cache = await caches.open(CACHE);
    await Promise.all(Object.keys(PORTADOC_FILES).map(async (name) => keep(cache, name, await obtain(name))));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  const before = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(before.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** Return the name of the built file that answers a request; null where the request is not for the app. */
function fileFor(request: Request): string | null {
  const url = new URL(request.url);
  const isOurs = url.origin === worker.location.origin && url.pathname.startsWith(BASE);
  if (request.method !== "GET" || !isOurs) return null;
  const name = url.pathname.slice(BASE.length);
  if (request.mode === "navigate") return PAGES.has(name) ? SHELL : null;
  return Object.hasOwn(PORTADOC_FILES, name) ? name : null;
}

/** Answer with the file that was built, and with nothing else: an altered copy is thrown away and fetched anew. */
async function serve(name: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(BASE + name);
  if (kept !== undefined) {
    const content = await kept.arrayBuffer();
    if (await matches(name, content)) return answer(kept, content);
    await cache.delete(BASE + name);
    await tell({ kind: "altered", file: name });
  }
  try {
    const fresh = await obtain(name);
    await keep(cache, name, fresh);
    return answer(fresh.response, fresh.content);
  } catch {
    return Response.error();
  }
}

interface Obtained {
  response: Response;
  content: ArrayBuffer;
}

/** Return a file whose bytes match: from a version before, where it was the same, else from the service. */
async function obtain(name: string): Promise<Obtained> {
  const kept = await caches.match(BASE + name);
  if (kept !== undefined) {
    const content = await kept.arrayBuffer();
    if (await matches(name, content)) return { response: kept, content };
  }
  const response = await fetch(BASE + name, { cache: "no-cache", credentials: "same-origin", redirect: "error" });
  const content = await response.arrayBuffer();
  if (!response.ok || !(await matches(name, content))) {
    await tell({ kind: "refused", file: name });
    throw new Error(`${name} is not the file that was built`);
  }
  return { response, content };
}

const keep = (cache: Cache, name: string, { response, content }: Obtained): Promise<void> =>
  cache.put(BASE + name, answer(response, content));

/** Of the headers of the service those that say what a file is and what it may do: no hash covers the others. */
const KEPT_HEADERS = [
  "Content-Type",
  "Content-Security-Policy",
  "Permissions-Policy",
  "Referrer-Policy",
  "X-Content-Type-Options",
  "X-Frame-Options",
  "Cross-Origin-Opener-Policy",
  "Cross-Origin-Resource-Policy",
];

/** Return the bytes that were checked under the headers that the service gave, its policies among them. */
function answer(response: Response, content: ArrayBuffer): Response {
  const kept = KEPT_HEADERS.map((name) => [name, response.headers.get(name)] as const);
  const headers = kept.filter((each): each is readonly [string, string] => each[1] !== null);
  return new Response(content, { status: 200, headers: Object.fromEntries(headers) });
}

async function matches(name: string, content: ArrayBuffer): Promise<boolean> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === PORTADOC_FILES[name];
}

async function tell(message: { kind: "altered" | "refused"; file: string }): Promise<void> {
  const clients = await worker.clients.matchAll({ includeUncontrolled: true });
  for (const client of clients) client.postMessage({ from: "service_worker", ...message });
}
