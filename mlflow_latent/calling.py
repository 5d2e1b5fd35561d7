"""Packages that can be called by the name of what they do: `ml.capture`, `ml.explain`.

A package is an attribute of `mlflow_latent` as soon as it is imported, so that the public function
of the same name, which stands above it, has to be the package too.
"""

from __future__ import annotations

import inspect
import sys
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any


class CallablePackage(ModuleType):
    """A package that is called for a function of `mlflow_latent.api`, loaded by its name then."""

    @cached_property
    def function(self) -> Any:
        """The public function of the package's own name."""
        name = self.__name__.rpartition(".")[2]
        return getattr(import_module(f"mlflow_latent.api.{name}"), name)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call it: see `mlflow_latent.api`."""
        return self.function(*args, **options)


def make_callable(package: str) -> ModuleType:
    """Let an imported package be called, and return it.

    Args:
        package: its full name; `mlflow_latent.api` has a module and in it a function named alike.
    """
    module = sys.modules[package]
    module.__class__ = CallablePackage
    return module
