"""Data sets with known failures, and what finds them: the parts of `benchmarks/planted.py`."""

from __future__ import annotations
