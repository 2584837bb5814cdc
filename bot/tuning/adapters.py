"""Low-rank adapters around a model, without what the libraries tell their own developers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from peft import get_peft_model
from transformers.utils import logging as chatter

if TYPE_CHECKING:
    from peft import LoraConfig


def adapted(base: Any, config: LoraConfig) -> Any:
    """The model with adapters as the only weights that learn."""
    with warnings.catch_warnings():  # peft asks transformers in a way that is to go
        warnings.simplefilter("ignore", FutureWarning)
        return get_peft_model(base, config)


def quiet() -> None:
    """Leaves progress and errors to us: the libraries draw bars of their own."""
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
