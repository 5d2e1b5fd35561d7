"""A package and the public function of its name are one, with the function's signature."""

from __future__ import annotations

import importlib
import inspect

import pytest

import mlflow_latent as ml


@pytest.mark.parametrize("name", ["capture", "explain"])
def test_a_package_is_called_for_the_function_of_its_name(name: str) -> None:
    package = importlib.import_module(f"mlflow_latent.{name}")
    function = getattr(importlib.import_module(f"mlflow_latent.api.{name}"), name)
    assert getattr(ml, name) is package
    assert inspect.signature(package) == inspect.signature(function)
    with pytest.raises(TypeError, match=r"missing .* required positional argument"):
        package()
