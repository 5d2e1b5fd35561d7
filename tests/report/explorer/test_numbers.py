from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from mlflow_latent.report.explorer.fidelity import FULL, LEVELS, Fidelity
from mlflow_latent.report.explorer.numbers import (
    LARGEST,
    EncodedNumbers,
    encode_numbers,
    quantize,
    round_mantissa,
)

LOSSY = LEVELS[-1]
ANY_SIZE = [replace(level, exact_rows=0) for level in LEVELS]


def decode(encoded: EncodedNumbers) -> np.ndarray:
    """As the page does."""
    if encoded.scale is None:
        return encoded.data
    values = encoded.scale.offset + encoded.scale.factor * encoded.data.astype(np.float64)
    missing = encoded.data == np.iinfo(encoded.data.dtype).max
    return np.where(missing, np.nan, values).astype(np.float32)


@settings(max_examples=200)
@given(
    arrays(np.float64, st.integers(0, 60), elements=st.floats(width=64)),
    st.sampled_from([*LEVELS, *ANY_SIZE]),
)
def test_any_numbers_come_back_about_as_they_were(values: np.ndarray, level: Fidelity) -> None:
    encoded = encode_numbers(values, level)
    decoded = decode(encoded).astype(np.float64)
    present = np.isfinite(values)
    np.testing.assert_array_equal(np.isnan(decoded), ~present)
    assert encoded.missing == int((~present).sum())
    known = np.clip(values[present], -LARGEST, LARGEST)
    if len(known):
        step = encoded.scale.factor / 2 if encoded.scale else 0
        slack = np.maximum(np.abs(known) * 2.0 ** -(level.mantissa + 1), 1e-38)
        assert (np.abs(decoded[present] - known) <= step + slack + np.spacing(step)).all()
        assert encoded.minimum == np.nanmin(decoded)
        assert encoded.maximum == np.nanmax(decoded)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.arange(255.0), np.uint8),
        (np.arange(256.0), np.uint16),
        (np.array([-3.0, 65_531.0]), np.uint16),
        (np.array([-3.0, 65_532.0]), np.float32),
    ],
)
def test_whole_numbers_are_exact(values: np.ndarray, kind: type) -> None:
    encoded = encode_numbers(np.append(values, np.nan), FULL)
    assert encoded.data.dtype == kind
    assert encoded.integer
    np.testing.assert_array_equal(decode(encoded), np.append(values, np.nan))


def test_a_heavy_tail_stays_exact(noise: np.random.Generator) -> None:
    """A step of its range would swallow the small ones, which are what a loss is about."""
    loss = noise.lognormal(-6, 4, 10_000)
    encoded = encode_numbers(loss, FULL)
    np.testing.assert_array_equal(decode(encoded), loss.astype(np.float32))
    rough = decode(encode_numbers(loss, LOSSY))
    assert (np.abs(rough / loss - 1) <= 2.0 ** -(LOSSY.mantissa + 1) * 1.01).all()


def test_what_is_well_spread_takes_fewer_bytes(noise: np.random.Generator) -> None:
    values = noise.normal(size=10_000)
    full, rough = encode_numbers(values, FULL), encode_numbers(values, LOSSY)
    assert (full.data.dtype, rough.data.dtype) == (np.uint16, np.uint8)
    quarter, three_quarters = np.percentile(values, [25, 75])
    for encoded, level in ((full, FULL), (rough, LOSSY)):
        assert encoded.scale is not None
        assert encoded.scale.factor <= (three_quarters - quarter) * level.step


def test_a_small_table_is_exact(noise: np.random.Generator) -> None:
    values = noise.normal(size=500)
    np.testing.assert_array_equal(decode(encode_numbers(values, FULL)), values.astype(np.float32))


@pytest.mark.parametrize("value", [0.0, 0.3, -1e300, 1e-300])
def test_one_value_everywhere(value: float) -> None:
    encoded = encode_numbers(np.full(5, value), LOSSY)
    assert np.isfinite(decode(encoded)).all()


def test_nothing_is_there() -> None:
    encoded = encode_numbers(np.full(3, np.nan), FULL)
    assert (encoded.minimum, encoded.maximum, encoded.missing) == (None, None, 3)
    assert encode_numbers(np.empty(0), FULL).missing == 0


def test_quantize_says_this_or_more_and_missing() -> None:
    values = np.array([[0.0, 1.0], [5.0, np.nan]], dtype=np.float32)
    codes, scale = quantize(values, 0.0, 2.0, 8)
    assert codes.tolist() == [[0, 127], [254, 255]]
    assert scale.offset + 127 * scale.factor == pytest.approx(1.0)


def test_a_rounded_mantissa_ends_in_zeros_and_stays_finite() -> None:
    values = np.array([np.pi, -np.e, 0.0, np.finfo(np.float32).max], dtype=np.float32)
    rounded = round_mantissa(values, 7)
    assert (rounded[:3].view(np.uint32) & 0xFFFF == 0).all()
    assert np.isfinite(rounded).all()
    np.testing.assert_allclose(rounded, values, rtol=2**-8)


@pytest.fixture
def noise() -> np.random.Generator:
    return np.random.default_rng(0)
