/** What is drawn and how: the words that the parts of the raster share. */

/** What is drawn, in the order of importance: the first to reach a pixel is on top. */
export interface Points {
  /** (n) row of each point; the other arrays are in this order too. */
  readonly rows: Uint32Array;
  /** (n) place in the plane, −1…1; NaN is not drawn. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** (n) place in the palette. */
  readonly color: Uint8Array;
  /** (n) 0…255 between the least and the greatest diameter; null is one size. */
  readonly size: Uint8Array | null;
}

/** How points become pixels. */
export interface Projector {
  /** Pixel = offset + scale × coordinate, of x; of y with −scale. */
  readonly scale: number;
  readonly offsetX: number;
  readonly offsetY: number;
}

/** How a picture is drawn. */
export interface Look extends Projector {
  /** Discs one over the other, or colors mixed where points crowd. */
  readonly mode: "discs" | "density";
  /** Diameter of a point of middle size, in pixels. */
  readonly diameter: number;
  /** The same of points that fail a filter. */
  readonly mutedDiameter: number;
  /** 256 colors, each as 0xAABBGGRR. */
  readonly palette: Uint32Array;
  /** Color of the points that fail a filter, 0x00BBGGRR. */
  readonly muted: number;
  /** Color of the rim between discs, 0x00BBGGRR. */
  readonly paper: number;
  /** (rows) how many filters each row fails. */
  readonly fails: Uint16Array;
  /** Whether any row fails one: spares a look at each row. */
  readonly filtered: boolean;
}

/** Pixels that points are drawn into. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** (width × height) 0xAABBGGRR, not premultiplied. */
  readonly pixels: Uint32Array;
  /** (width × height) row + 1 of the point on top, 0 for none. */
  readonly ids: Uint32Array;
}
