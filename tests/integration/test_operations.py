"""The metrics by Prometheus's conventions, and what is shipped for those who watch them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql
import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition, parser
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot import operations
from bot.metrics import DatabaseMetrics
from bot.vendor_metrics import VendorMetrics

# https://prometheus.io/docs/practices/naming/: base units, no prefixes of them, the unit last.
NO_BASE_UNITS = re.compile(
    r"_(milliseconds|microseconds|minutes|hours|days|kilobytes|megabytes|percent|ms|sec)(_|$)"
)


@pytest.fixture
def families(pool: ConnectionPool[Connection[Any]]) -> list[Metric]:
    return [*DatabaseMetrics(pool=pool).collect(), *VendorMetrics(pool=pool).collect()]


def labels_of(family: Metric) -> set[str]:
    return set(getattr(family, "_labelnames", ()))


def expressions() -> Iterator[tuple[str, str]]:
    """(where, PromQL) of everything shipped."""
    for panel in json.loads(operations.dashboard())["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for group in yaml.safe_load(operations.alerts())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def walk(node: Any) -> Iterator[Any]:
    yield node
    for name in ("expr", "lhs", "rhs", "param", "vector_selector", "vs"):
        if (inner := getattr(node, name, None)) is not None:
            yield from walk(inner)
    for each in getattr(node, "args", None) or ():
        yield from walk(each)


def test_metrics_keep_to_the_conventions(families: list[Metric]) -> None:
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    for family in families:
        assert re.fullmatch(r"supportbot(_[a-z0-9]+)+", family.name), family.name
        assert not NO_BASE_UNITS.search(family.name), f"{family.name} is not in a base unit"
        assert family.documentation.endswith("."), f"{family.name} has no sentence for its help"
        assert not family.name.endswith(("_total", "_count", "_sum", "_bucket", "_info"))
        assert all(re.fullmatch("[a-z][a-z_]*", label) for label in labels_of(family))
        assert not labels_of(family) & {"le", "job", "instance"}
        # What tells a moment is one, and what tells a share is a ratio.
        assert ("timestamp" in family.name) == family.name.endswith("_timestamp_seconds")


def test_the_exposition_is_read_by_the_strict_parser(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    registry = CollectorRegistry()
    registry.register(DatabaseMetrics(pool=pool))
    generate_latest(registry)

    text = exposition.generate_latest(registry).decode()
    read = {family.name for family in parser.text_string_to_metric_families(text)}

    assert "supportbot_jobs" in read


@pytest.mark.parametrize(("where", "expression"), sorted(expressions()))
def test_what_is_shipped_names_metrics_and_labels_that_exist(
    families: list[Metric], where: str, expression: str
) -> None:
    known = {
        f"{family.name}_total" if family.type == "counter" else family.name: labels_of(family)
        for family in families
    }
    selectors = [
        node for node in walk(promql.parse(expression)) if isinstance(node, promql.VectorSelector)
    ]
    assert selectors, where
    for selector in selectors:
        assert selector.name in known, f"{where}: there is no {selector.name}"
        matched = {each.name for each in selector.matchers.matchers}
        assert matched <= known[selector.name], f"{where}: {selector.name} has no {matched}"
    grouped = {
        label
        for by in re.findall(r"\bby \(([^)]*)\)", expression)
        for label in re.split(r"\s*,\s*", by)
    }
    assert grouped <= set().union(*(known[each.name] for each in selectors)), where


def test_alerts_say_how_urgent_they_are_and_what_to_do() -> None:
    rules = [
        rule for group in yaml.safe_load(operations.alerts())["groups"] for rule in group["rules"]
    ]

    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "description"}
        named = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
        kept = {
            label.strip()
            for by in re.findall(r"by \(([^)]*)\)", rule["expr"])
            for label in by.split(",")
        }
        assert named <= kept, f"{rule['alert']} names labels that its expression drops"


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    panels = json.loads(operations.dashboard())["panels"]
    taken: set[tuple[int, int]] = set()

    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
