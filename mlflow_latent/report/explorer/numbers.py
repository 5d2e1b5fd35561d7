"""Numbers as codes of one or two bytes, where that loses nothing that is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.report.explorer.fidelity import CODE_COUNTS, WHOLE_MANTISSA, Fidelity
from mlflow_latent.report.explorer.header import Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

CODES = {8: np.uint8, 16: np.uint16}
BYTE = 8  # bits
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class EncodedNumbers:
    """A column of numbers as it is written.

    Attributes:
        data: (N,) float32, or uint8 or uint16 codes whose largest is "missing".
        scale: of codes; None of float32.
        integer: whether all numbers are whole.
        missing: how many are not there.
        minimum: as the reader will see it, None if there are none.
        maximum: the same.
    """

    data: NDArray[Any]
    scale: Scale | None
    integer: bool
    missing: int
    minimum: float | None
    maximum: float | None


def encode_numbers(values: NDArray[np.float64], fidelity: Fidelity) -> EncodedNumbers:
    """Encode (N,) numbers; NaN and infinity are missing."""
    present = np.isfinite(values)
    known = np.clip(values[present], -LARGEST, LARGEST)
    missing = len(values) - len(known)
    if not len(known):
        empty = np.full(len(values), np.nan, dtype=np.float32)
        return EncodedNumbers(
            empty, None, integer=False, missing=missing, minimum=None, maximum=None
        )
    integer = bool((known == np.rint(known)).all())
    scale, bits = _choose_scale(known, fidelity, integer=integer)
    if scale is None:
        data = np.full(len(values), np.nan, dtype=np.float32)
        data[present] = round_mantissa(known.astype(np.float32), fidelity.mantissa)
        ends = float(data[present].min()), float(data[present].max())
    else:
        data = np.full(len(values), missing_code(bits), dtype=CODES[bits])
        data[present] = np.rint((known - scale.offset) / scale.factor)
        codes = int(data[present].min()), int(data[present].max())
        ends = _decoded(scale, codes[0]), _decoded(scale, codes[1])
    return EncodedNumbers(data, scale, integer, missing, *ends)


def missing_code(bits: int) -> int:
    """Return the code that means "missing"."""
    return (1 << bits) - 1


def quantize(
    values: NDArray[np.float32], low: float, high: float, bits: int
) -> tuple[NDArray[Any], Scale]:
    """Return codes of any shape over low … high; more than `high` is the last code, NaN missing."""
    last = missing_code(bits) - 1
    scale = Scale(offset=low, factor=(high - low) / last if high > low else 1.0)
    steps = np.clip((values - low) / scale.factor, 0, last)
    codes = np.where(np.isfinite(values), np.rint(steps), missing_code(bits))
    return codes.astype(CODES[bits]), scale


def round_mantissa(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Round finite float32 to `bits` of mantissa: their last bytes become zero, and compress."""
    dropped = WHOLE_MANTISSA - bits
    if dropped <= 0:
        return values
    raw = values.view(np.uint32)
    half, mask = np.uint32(1 << (dropped - 1)), np.uint32(0xFFFFFFFF << dropped & 0xFFFFFFFF)
    rounded: NDArray[np.float32] = ((raw + half) & mask).view(np.float32)
    return np.where(np.isfinite(rounded), rounded, values)


def _choose_scale(
    known: NDArray[np.float64], fidelity: Fidelity, *, integer: bool
) -> tuple[Scale | None, int]:
    """Return how the numbers become codes, and of how many bits; None where they stay numbers."""
    low, high = float(known.min()), float(known.max())
    if integer:
        for bits in CODES:
            if high - low < missing_code(bits):
                return Scale(offset=low, factor=1.0), bits
    if len(known) <= fidelity.exact_rows:
        return None, 0
    quarter, three_quarters = np.percentile(known, [25, 75])
    seen = float(three_quarters - quarter) * fidelity.step
    for count in CODE_COUNTS:
        factor = (high - low) / (count - 1)
        if count >= fidelity.codes and 0 < factor <= seen:
            return Scale(offset=low, factor=factor), BYTE if count < 1 << BYTE else 2 * BYTE
    return None, 0


def _decoded(scale: Scale, code: int) -> float:
    return float(np.float32(scale.offset + scale.factor * code))
