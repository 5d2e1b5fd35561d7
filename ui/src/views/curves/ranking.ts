/** Which curves are shown, in which order: as in the report (`mlflow_latent/report/ranking.py`). */
import type { Curve } from "../../payload";

/** A field against a measure, in its binnings. */
export interface CurveGroup {
  readonly field: string;
  readonly measure: string;
  readonly curves: readonly Curve[];
  /** fields that say nearly the same and are left to this one. */
  readonly similar: readonly string[];
}

/** The curves of each field and measure together; a field like a stronger one is left to that one. */
export function groupCurves(curves: readonly Curve[]): CurveGroup[] {
  const groups = new Map<string, Curve[]>();
  for (const curve of curves) {
    const key = `${curve.measure}\n${curve.field}`;
    groups.set(key, [...(groups.get(key) ?? []), curve]);
  }
  const told = new Set<string>();
  const kept: CurveGroup[] = [];
  for (const [key, same] of groups) {
    const { field, measure, similar_fields: similar } = same[0]!;
    if (told.has(key)) continue;
    for (const name of similar) told.add(`${measure}\n${name}`);
    kept.push({ field, measure, curves: same, similar });
  }
  return kept;
}

/** The measures that have curves, in their order. */
export const measuresOf = (groups: readonly CurveGroup[]): string[] => [
  ...new Set(groups.map((group) => group.measure)),
];

/** The curve of a group in the wanted binning, or in the one it has. */
export const inBinning = (group: CurveGroup, binning: Curve["binning"]): Curve =>
  group.curves.find((curve) => curve.binning === binning) ?? group.curves[0]!;
