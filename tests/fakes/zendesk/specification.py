"""The published OpenAPI document of Support, which the stand-in is held to."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SUPPORT = Path(__file__).parents[4] / "shared" / "specs" / "support_oas.yaml"


def schema_of(*names: str) -> list[Any]:
    """Validators of these answers; skips the test where the document is absent."""
    if not SUPPORT.exists():
        pytest.skip("needs the published OpenAPI document in ../shared/specs")
    registry = _registry()
    return [_validator(registry, name) for name in names]


@cache
def _registry() -> Any:
    """The document is long: it is read once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the libraries' own parts
        import yaml
        from referencing import Registry
        from referencing.jsonschema import DRAFT4

        document = yaml.load(SUPPORT.read_text(), Loader=yaml.CSafeLoader)
        resource: Any = DRAFT4.create_resource(document)
        registry: Any = Registry()
        return registry.with_resource("urn:spec", resource)


def _validator(registry: Any, name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from openapi_schema_validator import OAS30Validator

        schema = {"$ref": f"urn:spec#/components/schemas/{name}"}
        return OAS30Validator(schema, registry=registry)
