/** The list of everything that was built: what each file must hash to, and how large it travels. */
import type { Metafile } from "esbuild";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";

export interface Listed {
  sha256: string;
  bytes: number;
  /** Bytes of the gzip form beside it; null where compressing gains nothing. */
  gzip: number | null;
}

export interface Listing {
  /** Changes when any byte of any file changes. */
  version: string;
  files: Record<string, Listed>;
  /** The scripts that run before anything is seen, and their compressed size together. */
  shell: { files: string[]; gzip: number };
}

const COMPRESSED = /\.(?:js|css|html|json|svg|webmanifest|wasm)$/;

/** Hash every file of a folder and put a gzip form beside those that gain by it. */
export async function listFiles(folder: string): Promise<Record<string, Listed>> {
  const files: Record<string, Listed> = {};
  for (const name of await everyFile(folder)) files[name] = await listFile(folder, name);
  return files;
}

/** Hash one file, and put its gzip form beside it. */
export async function listFile(folder: string, name: string): Promise<Listed> {
  const content = await readFile(join(folder, name));
  const packed = COMPRESSED.test(name) ? gzipSync(content, { level: 9 }) : null;
  if (packed !== null) await writeFile(join(folder, `${name}.gz`), packed);
  return { sha256: sha256(content), bytes: content.length, gzip: packed?.length ?? null };
}

async function everyFile(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const places = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return places.map((place) => relative(folder, place).split(sep).join("/")).sort();
}

/** Return one hash for all files together. */
export function versionOf(files: Readonly<Record<string, Listed>>): string {
  const lines = Object.keys(files).sort().map((name) => `${name} ${files[name]?.sha256}\n`);
  return sha256(Buffer.from(lines.join(""))).slice(0, 16);
}

/** Return the entry script and what it imports at once, by its place in the metafile's folder. */
export function importedAtOnce(metafile: Metafile, entry: string): string[] {
  const seen = new Set<string>();
  const waiting = [entry];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const imports = metafile.outputs[name]?.imports ?? [];
    waiting.push(...imports.filter((each) => each.kind === "import-statement").map((each) => each.path));
  }
  return [...seen].filter((name) => name in metafile.outputs);
}

export const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");
