import assert from "node:assert/strict";
import test from "node:test";
import type { Look, Points } from "../../src/scatter/look";
import { MOST_MIXED, opacities } from "../../src/scatter/opacity";
import { Raster } from "../../src/scatter/raster";
import { random } from "../worlds";

const SIDE = 60;
const PALETTE = Uint32Array.from({ length: 256 }, (_, code) => (0xff000000 | (code * 0x010305)) >>> 0);

function pointsOf(n: number, next: () => number, sized: boolean): Points {
  const rows = Uint32Array.from({ length: n }, (_, row) => row).map((row, _, all) => all[(row * 7) % n]!);
  const place = () => (next() < 0.02 ? NaN : next() * 2.4 - 1.2);
  return {
    rows: n % 7 ? rows : Uint32Array.from({ length: n }, (_, row) => row),
    x: Float32Array.from({ length: n }, place),
    y: Float32Array.from({ length: n }, place),
    color: Uint8Array.from({ length: n }, () => Math.floor(next() * 256)),
    size: sized ? Uint8Array.from({ length: n }, () => Math.floor(next() * 256)) : null,
  };
}

function lookOf(mode: Look["mode"], diameter: number, fails: Uint16Array): Look {
  return {
    mode,
    diameter,
    mutedDiameter: diameter - 1,
    scale: SIDE / 2,
    offsetX: SIDE / 2,
    offsetY: SIDE / 2,
    palette: PALETTE,
    muted: 0x808080,
    paper: 0xffffff,
    fails,
    filtered: fails.some((count) => count > 0),
  };
}

function rasterOf(): Raster {
  const raster = new Raster();
  raster.resize(SIDE, SIDE, new Uint32Array(SIDE * SIDE));
  return raster;
}

/** Draw to the end, `chunks` at a time. */
function finish(raster: Raster, points: Points, look: Look): number {
  raster.begin(points, look);
  let steps = 0;
  for (; !raster.done; steps++) raster.step(() => 1, 0);
  return steps;
}

/** Density drawn slowly: per pixel the list of colors and the first row. */
function slowDensity(points: Points, look: Look) {
  const first = new Uint32Array(SIDE * SIDE);
  const colors: number[][] = Array.from({ length: SIDE * SIDE }, () => []);
  const crowd = new Uint32Array(SIDE * SIDE);
  for (const muted of [false, true])
    points.rows.forEach((row, k) => {
      if (look.fails[row]! > 0 !== muted) return;
      const factor = points.size && !muted ? 0.62 + (points.size[k]! / 255) ** 1.5 * (2.3 - 0.62) : 1;
      const side = Math.max(1, Math.round(muted ? look.mutedDiameter : look.diameter * factor));
      const left = look.offsetX + points.x[k]! * look.scale - side / 2;
      const top = look.offsetY - points.y[k]! * look.scale - side / 2;
      if (!(left >= 0 && top >= 0 && left < SIDE - side && top < SIDE - side)) return;
      for (let v = 0; v < side; v++)
        for (let u = 0; u < side; u++) {
          const pixel = (Math.floor(top) + v) * SIDE + Math.floor(left) + u;
          if (muted && colors[pixel]!.length) continue;
          if (muted) crowd[pixel]!++;
          else if (colors[pixel]!.length < MOST_MIXED) colors[pixel]!.push(points.color[k]!);
          if (first[pixel] === 0) first[pixel] = row + 1;
        }
    });
  return { first, colors, crowd };
}

for (const sized of [false, true])
  for (const filtered of [false, true])
    test(`density is the mean color and the count of each pixel (sized ${sized}, filtered ${filtered})`, () => {
      const next = random(sized ? 7 : 8);
      const n = 20_000;
      const points = pointsOf(n, next, sized);
      const fails = Uint16Array.from({ length: n }, () => (filtered && next() < 0.6 ? 2 : 0));
      const look = lookOf("density", 2, fails);
      const raster = rasterOf();
      assert.ok(finish(raster, points, look) > 1, "a picture is drawn over several steps");
      const { first, colors, crowd } = slowDensity(points, look);
      assert.deepEqual([...raster.ids], [...first]);
      const histogram = new Uint32Array(MOST_MIXED + 1);
      for (const list of colors) histogram[list.length]!++;
      const opaque = opacities(histogram, 1);
      colors.forEach((list, pixel) => {
        const drawn = raster.pixels[pixel]!;
        if (!list.length) {
          assert.equal(drawn === 0, crowd[pixel] === 0);
          if (crowd[pixel]) assert.equal(drawn & 0xffffff, look.muted);
          return;
        }
        assert.equal(drawn >>> 24, opaque[list.length]);
        for (const shift of [0, 8, 16]) {
          const mean = list.reduce((sum, code) => sum + ((PALETTE[code]! >>> shift) & 255), 0) / list.length;
          assert.ok(Math.abs(((drawn >>> shift) & 255) - mean) <= 1);
        }
      });
    });

test("of discs the most important is on top, those that fail lie beneath", () => {
  const points: Points = {
    rows: Uint32Array.from([4, 2, 0]),
    x: Float32Array.from([0, 0.1, 0]),
    y: Float32Array.from([0, 0, 0]),
    color: Uint8Array.from([10, 20, 30]),
    size: null,
  };
  const raster = rasterOf();
  const middle = SIDE / 2;
  finish(raster, points, lookOf("discs", 9, new Uint16Array(5)));
  assert.equal(raster.rowAt(middle, middle), 4);
  assert.equal(raster.pixels[middle * SIDE + middle], PALETTE[10]);
  assert.equal(raster.rowAt(middle + 6, middle), 2);
  finish(raster, points, lookOf("discs", 9, Uint16Array.from([0, 0, 1, 0, 1])));
  assert.equal(raster.rowAt(middle, middle), 0);
  assert.equal(raster.rowAt(middle + 6, middle), 2);
  assert.equal(raster.rowAt(middle - 30, 5), -1);
});

test("a disc covers its area, once drawn whole and once cut by the edge", () => {
  const one = (x: number): Points => ({
    rows: Uint32Array.from([0]),
    x: Float32Array.from([x]),
    y: Float32Array.from([0]),
    color: Uint8Array.from([200]),
    size: null,
  });
  const area = (raster: Raster) => raster.pixels.reduce((sum, pixel) => sum + (pixel >>> 24) / 255, 0);
  const raster = rasterOf();
  finish(raster, one(0), lookOf("discs", 12, new Uint16Array(1)));
  const whole = area(raster);
  const rimmed = Math.PI * (6 + 0.7) ** 2;
  assert.ok(Math.abs(whole - rimmed) < 0.05 * rimmed, `${whole} for ${rimmed}`);
  finish(raster, one(1), lookOf("discs", 12, new Uint16Array(1)));
  assert.ok(Math.abs(area(raster) - whole / 2) < 0.12 * whole);
});

test("translucent discs over one another are never more opaque than full", () => {
  const n = 400;
  const points = { ...pointsOf(n, random(9), true), rows: Uint32Array.from({ length: n }, (_, row) => row) };
  const raster = rasterOf();
  finish(raster, points, lookOf("discs", 6, new Uint16Array(n).fill(1)));
  assert.ok(raster.pixels.some((pixel) => pixel >>> 24 > 96));
  for (const pixel of raster.pixels)
    if (pixel >>> 24 > 40) assert.ok(Math.abs((pixel & 255) - 0x80) <= 2, "grey stays grey");
});

test("nothing to draw, and nothing that is projected", () => {
  const raster = rasterOf();
  const none = pointsOf(0, random(1), false);
  finish(raster, { ...none, rows: new Uint32Array(0) }, lookOf("discs", 4, new Uint16Array(0)));
  assert.ok(raster.done && raster.pixels.every((pixel) => pixel === 0));
  const nowhere = { ...pointsOf(5, random(1), false), x: new Float32Array(5).fill(NaN) };
  for (const mode of ["discs", "density"] as const) {
    finish(raster, nowhere, lookOf(mode, 4, new Uint16Array(5)));
    assert.ok(raster.ids.every((id) => id === 0));
  }
});

test("the more points the more opaque, and a lone one shows", () => {
  const histogram = new Uint32Array(MOST_MIXED + 1);
  histogram[0] = 1000;
  for (let count = 1; count < 100; count++) histogram[count] = 100;
  const opaque = opacities(histogram, 1);
  assert.equal(opaque[0], 0);
  assert.ok(opaque[1]! > 80);
  for (let count = 2; count <= MOST_MIXED; count++) assert.ok(opaque[count]! >= opaque[count - 1]!);
  assert.equal(opaque[MOST_MIXED], 255);
  assert.ok(opaque[50]! < 255 && opaque[50]! > opaque[5]!);
});
