"""What a call to a hosted model costs: list prices, and usage as the API bills it.

Facts: platform.claude.com/docs/en/about-claude/pricing, checked 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from bot.models import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """US dollars per million tokens; a cache read costs this share of `input`. Prompts above
    `long_above` tokens are billed at the long prices as a whole."""

    input: Decimal
    output: Decimal
    cache_read: Decimal = Decimal("0.1")
    long_above: int | None = None
    long_input: Decimal = Decimal(0)
    long_output: Decimal = Decimal(0)


_CACHE_WRITE = Decimal("1.25")  # of `input`, for five minutes; an hour costs 2
_CACHE_WRITE_HOUR = Decimal(2)
_IN_US_ONLY = Decimal("1.1")
_MILLION = Decimal(1_000_000)

PRICES: Mapping[str, Price] = {
    "claude-haiku-5-5": Price(
        input=Decimal("0.10"),
        output=Decimal("0.50"),
        long_above=100_000,
        long_input=Decimal("0.50"),
        long_output=Decimal("2.50"),
    ),
    "claude-sonnet-5-5": Price(input=Decimal(2), output=Decimal(10), cache_read=Decimal("0.05")),
    "claude-opus-5-5": Price(input=Decimal(4), output=Decimal(20), cache_read=Decimal("0.05")),
    "claude-fable-5-1": Price(input=Decimal(10), output=Decimal(50)),
    "claude-haiku-4-5": Price(input=Decimal(1), output=Decimal(5)),
}


def price_of(model: str) -> Price | None:
    """The list price of a model, dated or not; None where none is known (local models)."""
    return next((price for name, price in PRICES.items() if _is_version(model, name)), None)


def _is_version(model: str, name: str) -> bool:
    return model == name or (model.startswith(f"{name}-") and model[len(name) + 1 :].isdecimal())


def billed(model: str, usage: object | None) -> Usage:
    """What an `anthropic.types.Usage` says was used and what it costs. Without usage all zeros;
    a model without a known price costs 0. Local servers may leave any count out."""
    fresh, output = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    read = _count(usage, "cache_read_input_tokens")
    write = _count(usage, "cache_creation_input_tokens")
    hour = _count(getattr(usage, "cache_creation", None), "ephemeral_1h_input_tokens")
    cost = Decimal(0)
    if price := price_of(model):
        is_long = price.long_above is not None and fresh + read + write > price.long_above
        per_input = price.long_input if is_long else price.input
        per_output = price.long_output if is_long else price.output
        prompt = fresh + read * price.cache_read
        prompt += (write - hour) * _CACHE_WRITE + hour * _CACHE_WRITE_HOUR
        cost = (prompt * per_input + output * per_output) / _MILLION
        if getattr(usage, "inference_geo", None) == "us":
            cost *= _IN_US_ONLY
    return Usage(
        input_tokens=fresh,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_tokens=write,
        cost_usd=cost,
    )


def _count(usage: object | None, name: str) -> int:
    value = getattr(usage, name, None)
    return value if isinstance(value, int) else 0
