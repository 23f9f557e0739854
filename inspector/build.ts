/** Build the inspector app into `static/`: hashed files, the page, and the list by which every byte is checked. */
import { build, type Metafile } from "esbuild";
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { drawIcon, ICONS } from "./bundling/icons.ts";
import { importedAtOnce, listFile, listFiles, versionOf } from "./bundling/listing.ts";
import type { Listed, Listing } from "./bundling/listing.ts";
import { APP, ASIDE, BASE, BUILT, HASHED, ROOM } from "./bundling/places.ts";
import { copies, SCRIPT, workers } from "./bundling/plugins.ts";
import { manifest, page, type Demanded } from "./bundling/shell.ts";

const SERVICE_WORKER = "service_worker.js";
const MARK = join(ROOM, "..", "portadoc", "web", "pages", "static", "mark.svg");

async function buildApp(): Promise<Listing> {
  await mkdir(join(ASIDE, HASHED), { recursive: true });
  // 1. the scripts, workers, styles and texts, each with its hash in its name
  const { metafile, entry, styles } = await bundle();
  // 2. what stands around them
  await drawAround();
  const built = await listFiles(ASIDE);
  const sheets = styles.map((name) => demanded(name, built));
  await writeFile(join(ASIDE, "index.html"), page(demanded(entry, built), sheets));
  const files = { ...built, "index.html": await listFile(ASIDE, "index.html") };
  // 3. the service worker, which knows the hash of every other file
  const version = versionOf(files);
  const worker = await buildServiceWorker(files, version);
  // 4. the list for the server and the tests
  const shell = [...importedAtOnce(metafile, outputName(entry)).map(fromOutput), SERVICE_WORKER];
  const all: Record<string, Listed> = { ...files, [SERVICE_WORKER]: worker };
  const gzip = shell.reduce((sum, name) => sum + (all[name]?.gzip ?? 0), 0);
  const listing = { version, files: all, shell: { files: shell, gzip } };
  await writeFile(join(ASIDE, "files.json"), `${JSON.stringify(listing, null, 1)}\n`);
  // 5. in place as a whole
  await rm(BUILT, { recursive: true, force: true });
  await rename(ASIDE, BUILT);
  return listing;
}

async function bundle(): Promise<{ metafile: Metafile; entry: string; styles: string[] }> {
  const { metafile } = await build({
    ...SCRIPT,
    absWorkingDir: ROOM,
    entryPoints: { app: join(APP, "main.tsx") },
    outdir: join(ASIDE, HASHED),
    publicPath: BASE + HASHED,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    splitting: true,
    metafile: true,
    plugins: [workers, copies],
  });
  const made = Object.entries(metafile.outputs);
  const entry = made.find(([, output]) => output.entryPoint === "app/main.tsx");
  if (entry === undefined) throw new Error("the build has no entry script");
  const sheet = entry[1].cssBundle;
  return { metafile, entry: fromOutput(entry[0]), styles: sheet === undefined ? [] : [fromOutput(sheet)] };
}

async function drawAround(): Promise<void> {
  for (const icon of ICONS) await writeFile(join(ASIDE, icon.name), drawIcon(icon));
  await copyFile(MARK, join(ASIDE, "icon.svg"));
  await writeFile(join(ASIDE, "manifest.webmanifest"), manifest());
}

async function buildServiceWorker(files: Readonly<Record<string, Listed>>, version: string): Promise<Listed> {
  const hashes = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file.sha256]));
  await build({
    ...SCRIPT,
    entryPoints: [join(APP, "service_worker.ts")],
    outfile: join(ASIDE, SERVICE_WORKER),
    define: { PORTADOC_FILES: JSON.stringify(hashes), PORTADOC_VERSION: JSON.stringify(version) },
  });
  return listFile(ASIDE, SERVICE_WORKER);
}

function demanded(path: string, files: Readonly<Record<string, Listed>>): Demanded {
  const file = files[path];
  if (file === undefined) throw new Error(`${path} was not built`);
  return { path, sha256: file.sha256 };
}

const fromOutput = (name: string): string => relative(ASIDE, join(ROOM, name)).replaceAll("\\", "/");
const outputName = (path: string): string => relative(ROOM, join(ASIDE, path)).replaceAll("\\", "/");

function report(listing: Listing): void {
  const size = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
  for (const [name, file] of Object.entries(listing.files)) {
    console.log(`${size(file.bytes)} ${size(file.gzip ?? file.bytes)}  ${name}`);
  }
  const { files, gzip } = listing.shell;
  console.log(`shell script ${size(gzip).trim()} compressed (${files.length} files), version ${listing.version}`);
}

try {
  report(await buildApp());
} catch (error) {
  await rm(ASIDE, { recursive: true, force: true });
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
