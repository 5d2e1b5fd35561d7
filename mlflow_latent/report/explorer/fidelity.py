"""How exactly the explorer's data are written: all of it for a server, less where bytes count."""

from __future__ import annotations

from dataclasses import dataclass

WHOLE_MANTISSA = 23  # bits of a float32


@dataclass(frozen=True)
class Fidelity:
    """Choices between bytes and precision.

    Attributes:
        step: largest step of a quantized number, as a share of its column's interquartile range;
            a column whose steps would be larger stays float32.
        mantissa: bits kept of those: 10 of them are three digits, and compress to two bytes.
        n_neighbors: similars of each sample, at most.
        neighbor_entries: of all samples together, at most; there are at least `MIN_NEIGHBORS` each.
        history_entries: losses over all captured epochs, at most; past it some epochs are left out.
        history_bits: 16 or 8, of each loss.
        n_projections: at most.
        n_probabilities: most probable classes of each sample.
        texts: whether text columns other than the ids are written.
    """

    step: float = 1 / 500
    mantissa: int = WHOLE_MANTISSA
    n_neighbors: int = 15
    neighbor_entries: int = 5_000_000
    history_entries: int = 20_000_000
    history_bits: int = 16
    n_projections: int = 24
    n_probabilities: int = 3
    texts: bool = True


MIN_NEIGHBORS = 5
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
    ),
    Fidelity(
        step=1 / 20,
        mantissa=7,
        n_neighbors=5,
        neighbor_entries=0,
        history_entries=500_000,
        history_bits=8,
        n_projections=2,
        n_probabilities=1,
        texts=False,
    ),
)
"""Of a single file, the best first: the first that fits is taken."""
