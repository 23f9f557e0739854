import assert from "node:assert/strict";
import { test } from "node:test";

import { cautionOf, likelyTime } from "../scans/caution.ts";
import type { DeviceState } from "../session/device.ts";
import { FIRST_SETTINGS } from "../session/device.ts";

const NOW = 1_795_000_000;

function device(change: Partial<DeviceState>): DeviceState {
  return {
    configuration: null,
    knowledge: null,
    institutions: [],
    pack: { sequence: 7, issuedAt: NOW - 3600, nextUpdate: NOW + 3600, fetchedAt: NOW - 3000 },
    clockOffset: 0,
    online: false,
    synchronising: false,
    problem: "",
    paired: null,
    revoked: false,
    settings: FIRST_SETTINGS,
    ...change,
  };
}

test("a device with fresh trust data and a right clock may confirm", () => {
  assert.equal(cautionOf(device({}), NOW), null);
});

test("k06 trust data beyond their time confirm nothing", () => {
  assert.equal(cautionOf(device({}), NOW + 3601), "pack_old");
});

test("k09 a clock a year behind confirms nothing", () => {
  assert.equal(cautionOf(device({ clockOffset: -31_536_000 }), NOW), "clock_wrong");
});

test("k09 a clock a year ahead confirms nothing, and is named before the age that it causes", () => {
  assert.equal(cautionOf(device({ clockOffset: 31_536_000 }), NOW + 31_536_000), "clock_wrong");
});

test("a clock of which nothing is known, or that is a few minutes off, is believed", () => {
  assert.equal(cautionOf(device({ clockOffset: null }), NOW), null);
  assert.equal(cautionOf(device({ clockOffset: 300 }), NOW), null);
});

test("k09 a clock that is known to be wrong is put right for judging, one that may be right is not", () => {
  assert.equal(likelyTime({ clockOffset: -31_536_000 }, NOW - 31_536_000), NOW);
  assert.equal(likelyTime({ clockOffset: 300 }, NOW), NOW);
  assert.equal(likelyTime({ clockOffset: null }, NOW), NOW);
});
