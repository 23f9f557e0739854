/** K09: what is known against a clock that anybody can set. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { DeviceClock, NOTHING_KNOWN } from "../offline/clock.ts";
import type { ClockMemory, Reading } from "../offline/clock.ts";

const NOW = 1_795_000_000;
const YEAR = 365 * 86_400;

/** A device whose clock and ticks the test moves. */
class Bench {
  wall = NOW;
  ticks = 100;
  clock: DeviceClock;

  constructor(memory: ClockMemory = NOTHING_KNOWN) {
    this.clock = new DeviceClock(memory, () => this.read());
  }

  read(): Reading {
    return { wall: this.wall, ticks: this.ticks };
  }

  pass(seconds: number): void {
    this.wall += seconds;
    this.ticks += seconds;
  }

  ask(served: number, way = 0): void {
    const asked = this.read();
    this.pass(way);
    this.clock.served(served, asked);
  }
}

test("nothing is known against a clock that was never compared", () => {
  assert.equal(new Bench().clock.offset(), null);
});

test("K09 a clock that agrees with the service is right, the way of the answer left aside", () => {
  const bench = new Bench();
  bench.ask(NOW, 4);
  assert.equal(bench.clock.offset(), 0);
});

test("K09 a clock a year behind is known by the time of the service", () => {
  const bench = new Bench();
  bench.wall -= YEAR;
  bench.ask(NOW);
  assert.equal(bench.clock.offset(), -YEAR);
  bench.pass(3600);
  assert.equal(bench.clock.offset(), -YEAR);
});

test("K09 a clock ahead of the service is known too", () => {
  const bench = new Bench();
  bench.wall += 7200;
  bench.ask(NOW);
  assert.equal(bench.clock.offset(), 7200);
});

test("K09 a clock before a signed pack is wrong, without any network", () => {
  const bench = new Bench();
  bench.clock.signed(NOW + 5000);
  assert.equal(bench.clock.offset(), -5000);
  assert.equal(bench.clock.atLeast(), NOW + 5000);
});

test("K09 a clock that is set back while the app runs is noticed by the ticks", () => {
  const bench = new Bench();
  bench.ask(NOW);
  bench.pass(60);
  bench.wall -= YEAR;
  assert.equal(bench.clock.offset(), -YEAR);
  bench.pass(60);
  assert.equal(bench.clock.offset(), -YEAR);
});

test("K09 a clock that is put right again has nothing held against it", () => {
  const bench = new Bench();
  bench.ask(NOW);
  bench.wall -= YEAR;
  assert.equal(bench.clock.offset(), -YEAR);
  bench.wall += YEAR;
  assert.equal(bench.clock.offset(), 0);
});

test("K09 no sleep takes back what is held against a clock that was set back", () => {
  for (const asleep of [600, 3600, 9 * 3600]) {
    const bench = new Bench();
    bench.ask(NOW);
    bench.wall -= 3600 + 120;
    assert.equal(bench.clock.offset(), -3720);
    bench.wall += asleep;
    assert.equal(bench.clock.offset(), -3720);
  }
});

test("K09 a clock set back between two starts is known by what has passed", () => {
  const first = new Bench();
  first.ask(NOW);
  const second = new Bench(first.clock.memory());
  assert.equal(second.clock.offset(), 0);
  const third = new Bench(first.clock.memory());
  third.wall -= YEAR;
  third.clock = new DeviceClock(first.clock.memory(), () => third.read());
  assert.equal(third.clock.offset(), -YEAR);
});

test("a sleep, in which ticks stand still, is no fault of the clock", () => {
  const bench = new Bench();
  bench.ask(NOW);
  bench.wall += 9 * 3600;
  assert.equal(bench.clock.offset(), 0);
});

test("the next time of the service settles everything", () => {
  const bench = new Bench();
  bench.wall -= YEAR;
  bench.ask(NOW);
  bench.wall = NOW + 10;
  bench.ask(NOW + 10);
  assert.equal(bench.clock.offset(), 0);
});
