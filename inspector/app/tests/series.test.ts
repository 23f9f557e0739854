import assert from "node:assert/strict";
import { test } from "node:test";

import type { Scans } from "../scans/scans.ts";
import { Series } from "../scans/series.ts";

/** Stands for the list of scans: counts what reaches it. */
function counting(): { taken: (string | Uint8Array)[]; scans: Scans } {
  const taken: (string | Uint8Array)[] = [];
  const recognition = () => ({ verificationHosts: ["issuer.example"] });
  const scans = { recognition, take: (unverified: string | Uint8Array) => `scan-${taken.push(unverified)}` };
  return { taken, scans: scans as unknown as Scans };
}

const code = (unverified: string | Uint8Array) => ({ symbology: "QRCode", unverified });

test("the same code is not judged twice in a row", async () => {
  const { taken, scans } = counting();
  let now = 0;
  const series = new Series(scans, () => now);
  const ids = [];
  for (const text of ["PD1:A", "PD1:A", "PD1:B", "PD1:B", "PD1:A"]) {
    now += 1_500;
    ids.push(await series.offer([code(text)]));
  }
  assert.deepEqual(ids, ["scan-1", null, "scan-2", null, "scan-3"]);
  assert.deepEqual(taken, ["PD1:A", "PD1:B", "PD1:A"]);
});

test("two papers in one picture are both judged, and once each", async () => {
  const { taken, scans } = counting();
  const series = new Series(scans);
  await series.offer([code("PD1:A"), code("PD1:B")]);
  await series.offer([code("PD1:A"), code("PD1:B")]);
  await series.offer([code("PD1:B"), code("PD1:A")]);
  assert.deepEqual(taken, ["PD1:A", "PD1:B"]);
});

test("k02 a frame that is none, or of another code, is told and never judged", async () => {
  const { taken, scans } = counting();
  const series = new Series(scans);
  await series.offer([code("PX1:1/3:00000000:ABC")]);
  await series.offer([code("PX1:nonsense")]);
  assert.equal(series.progress.state()?.last, "malformed");
  await series.offer([code("PX1:1/3:11111111:ABC")]);
  assert.equal(series.progress.state()?.last, "foreign");
  assert.deepEqual(taken, []);
});

test("a verification code gives way to the seal of the same paper and is judged where there is none", async () => {
  const url = "HTTPS://ISSUER.EXAMPLE/V/X9YH-TQRT-M6QD-J16Q";
  const { taken, scans } = counting();
  let now = 0;
  const series = new Series(scans, () => now);
  await series.offer([code(url)]);
  now = 500;
  await series.offer([code(url), code("PD1:A")]);
  now = 2_000;
  await series.offer([code(url)]);
  assert.deepEqual(taken, ["PD1:A"]);
  now = 9_000;
  await series.offer([code(url)]);
  assert.deepEqual(taken, ["PD1:A", url]);
});
