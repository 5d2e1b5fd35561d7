/** Colors of a heat-map: from nothing over red to light yellow, the stronger the more opaque. */
const STOPS: readonly (readonly [number, number, number])[] = [
  [96, 0, 128],
  [214, 32, 72],
  [252, 128, 32],
  [255, 236, 130],
];
/** Weak places show the picture rather than a color. */
const ALPHA_POWER = 0.8;

/** (4 × cells) red, green, blue and opacity of each cell, 0…255. */
export function heatColors(codes: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const colors = new Uint8ClampedArray(4 * codes.length);
  for (let cell = 0; cell < codes.length; cell++) {
    const share = codes[cell]! / 255;
    const at = Math.min(share * (STOPS.length - 1), STOPS.length - 1 - 1e-9);
    const [from, to] = [STOPS[Math.floor(at)]!, STOPS[Math.floor(at) + 1]!];
    for (let channel = 0; channel < 3; channel++)
      colors[4 * cell + channel] = from[channel]! + (to[channel]! - from[channel]!) * (at % 1);
    colors[4 * cell + 3] = 255 * share ** ALPHA_POWER;
  }
  return colors;
}
