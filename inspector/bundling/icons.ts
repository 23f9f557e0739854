/** The mark of the house as PNG, for home screens: drawn from distances, since no browser is there to paint it. */
import { crc32, deflateSync } from "node:zlib";

type Point = readonly [number, number];
type Colour = readonly [number, number, number];

const GROUND: Colour = [0x0b, 0x55, 0x63];
const WHITE: Colour = [0xff, 0xff, 0xff];
const GOLD: Colour = [0xff, 0xd2, 0x7a];
const STROKE = 2.6; // in units of the mark, which is 32 wide
const CORNER = 7;

/** How the mark lies in its square: with round corners, or to the edges so that a system may cut its own shape. */
export interface Icon {
  name: string;
  pixels: number;
  maskable: boolean;
}

export const ICONS: readonly Icon[] = [
  { name: "icon-192.png", pixels: 192, maskable: false },
  { name: "icon-512.png", pixels: 512, maskable: false },
  { name: "icon-maskable-512.png", pixels: 512, maskable: true },
  { name: "icon-apple-180.png", pixels: 180, maskable: true },
];

/** Return an icon as PNG with an alpha channel. */
export function drawIcon(icon: Icon): Buffer {
  const rows = Buffer.alloc(icon.pixels * (icon.pixels * 4 + 1));
  let at = 0;
  for (let y = 0; y < icon.pixels; y += 1) {
    rows[at++] = 0; // no filter for this row
    for (let x = 0; x < icon.pixels; x += 1) {
      for (const channel of pixel(icon, x, y)) rows[at++] = channel;
    }
  }
  return png(icon.pixels, rows);
}

function pixel(icon: Icon, x: number, y: number): readonly [number, number, number, number] {
  const unit = 32 / icon.pixels;
  const place: Point = [(x + 0.5) * unit, (y + 0.5) * unit];
  // A maskable icon keeps its drawing within the middle of the square, which every shape leaves.
  const shrunk = icon.maskable ? 1 / 0.72 : 1;
  const point: Point = [(place[0] - 16) * shrunk + 16, (place[1] - 16) * shrunk + 16];
  const covered = (distance: number): number => Math.min(1, Math.max(0, 0.5 - distance / unit));
  const lettered = mixed(GROUND, WHITE, covered(fromLine(point, LETTER)));
  const drawn = mixed(lettered, GOLD, covered(fromLine(point, TICK)));
  return [...drawn, icon.maskable ? 255 : Math.round(255 * covered(fromSquare(place)))];
}

function mixed(under: Colour, over: Colour, share: number): Colour {
  const channel = (index: 0 | 1 | 2): number => Math.round(under[index] + (over[index] - under[index]) * share);
  return [channel(0), channel(1), channel(2)];
}

/** Return how far outside the square with round corners a point lies; negative inside. */
function fromSquare([x, y]: Point): number {
  const [dx, dy] = [Math.abs(x - 16) - (16 - CORNER), Math.abs(y - 16) - (16 - CORNER)];
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - CORNER;
}

const bow: Point[] = Array.from({ length: 25 }, (_, step) => {
  const angle = -Math.PI / 2 + (Math.PI * step) / 24;
  return [17 + 5.5 * Math.cos(angle), 12.5 + 5.5 * Math.sin(angle)];
});
const LETTER: readonly Point[] = [[10, 25], [10, 7], [17, 7], ...bow, [10, 18]];
const TICK: readonly Point[] = [[17.5, 23], [20, 25.5], [24.5, 20]];

/** Return how far outside a stroke a point lies; negative inside. */
function fromLine(point: Point, line: readonly Point[]): number {
  const parts = line.slice(1).map((end, index) => distance(point, line[index] ?? end, end));
  return Math.min(...parts) - STROKE / 2;
}

function distance([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

function png(pixels: number, rows: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pixels, 0);
  header.writeUInt32BE(pixels, 4);
  header.set([8, 6, 0, 0, 0], 8); // eight bits, red green blue alpha
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const drawn = chunk("IDAT", deflateSync(rows, { level: 9 }));
  return Buffer.concat([signature, chunk("IHDR", header), drawn, chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
