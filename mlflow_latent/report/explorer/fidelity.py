"""How exactly the explorer's data are written: all of it for a server, less where bytes count."""

from __future__ import annotations

from dataclasses import dataclass

WHOLE_MANTISSA = 23  # bits of a float32


@dataclass(frozen=True)
class Fidelity:
    """Choices between bytes and precision.

    Attributes:
        codes: of a quantized number at least, out of `CODE_COUNTS`; more where that is not exact
            enough.
        step: largest step of a quantized number, as a share of its column's interquartile range;
            a column whose steps would be larger stays float32.
        exact_rows: samples up to which numbers stay float32 in any case: there is nothing to save.
        mantissa: bits kept of float32: 10 of them are three digits, and compress to two bytes.
        n_neighbors: similars of each sample, at most.
        neighbor_entries: of all samples together, at most; there are at least `MIN_NEIGHBORS` each.
        history_entries: losses over all captured epochs, at most; past it some epochs are left out.
        history_bits: 16 or 8, of each loss.
        n_projections: at most.
        n_probabilities: most probable classes of each sample.
        texts: whether text columns other than the ids are written.
        similar_fields: whether fields are written that say nearly the same as a stronger one.
        thumbnail_bytes: of the pictures inside a file, as base64.
        typical: size beside that of `FULL`, as measured on 122,000 samples with 28 columns.
    """

    codes: int = 65_535
    step: float = 1 / 500
    exact_rows: int = 5_000
    mantissa: int = WHOLE_MANTISSA
    n_neighbors: int = 15
    neighbor_entries: int = 5_000_000
    history_entries: int = 20_000_000
    history_bits: int = 16
    n_projections: int = 24
    n_probabilities: int = 3
    texts: bool = True
    similar_fields: bool = True
    thumbnail_bytes: int = 3_000_000
    typical: float = 1.0


CODE_COUNTS = (63, 255, 65_535)
"""Of a byte of which six bits are used (and the rest compressed away), of a byte, of two."""
MIN_NEIGHBORS = 3
FULL = Fidelity()
LEVELS = (
    FULL,
    Fidelity(
        step=1 / 200,
        mantissa=11,
        n_neighbors=8,
        neighbor_entries=1_000_000,
        history_entries=2_000_000,
        n_projections=8,
        typical=0.83,
    ),
    Fidelity(
        step=1 / 100,
        mantissa=9,
        n_neighbors=5,
        neighbor_entries=600_000,
        history_entries=1_000_000,
        history_bits=8,
        n_projections=4,
        n_probabilities=2,
        thumbnail_bytes=2_500_000,
        typical=0.64,
    ),
    Fidelity(
        codes=255,
        step=1 / 20,
        mantissa=7,
        n_neighbors=5,
        neighbor_entries=600_000,
        history_entries=600_000,
        history_bits=8,
        n_projections=3,
        n_probabilities=1,
        thumbnail_bytes=2_000_000,
        typical=0.46,
    ),
    Fidelity(
        codes=63,
        step=1 / 5,
        mantissa=5,
        n_neighbors=5,
        neighbor_entries=0,
        history_entries=300_000,
        history_bits=8,
        n_projections=2,
        n_probabilities=1,
        texts=False,
        thumbnail_bytes=1_500_000,
        typical=0.39,
    ),
    Fidelity(
        codes=63,
        step=1 / 5,
        mantissa=4,
        n_neighbors=3,
        neighbor_entries=0,
        history_entries=0,
        history_bits=8,
        n_projections=1,
        n_probabilities=0,
        texts=False,
        similar_fields=False,
        thumbnail_bytes=1_000_000,
        typical=0.3,
    ),
    Fidelity(
        codes=63,
        step=1 / 2,
        mantissa=3,
        n_neighbors=0,
        history_entries=0,
        history_bits=8,
        n_projections=1,
        n_probabilities=0,
        texts=False,
        similar_fields=False,
        thumbnail_bytes=500_000,
        typical=0.23,
    ),
)
"""Of a single file, the best first: the first that fits is taken."""
