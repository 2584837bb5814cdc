"""A fine-tuned model as the kind of file it came from, for servers that read GGUF only, such as
llama.cpp.

What the base's file says of itself, its tokenizer and its template, is copied word for word; only
the weights are new. That is possible for models of the Llama kind, whose weights lie in both forms
alike but for an order of rows; others need llama.cpp's own converter. Needs `gguf`, which reading
such a base needs as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Array = NDArray[np.float32]

FILE = "model.gguf"
_KIND = "llama"


def write(base: Path, weights: Mapping[str, Array], to: Path) -> bool:
    """Writes FILE into the folder `to`: half-precision weights, by their names in Hugging Face's
    form, with all else of the GGUF file `base`. False, and nothing written, where the base is of
    another kind."""
    read = gguf.GGUFReader(base)
    if _told(read, "general.architecture") != _KIND:
        return False
    writer = gguf.GGUFWriter(to / FILE, _KIND)
    for field in read.fields.values():
        _copy(field, writer)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    known = _by_their_names(read, weights)
    for tensor in read.tensors:
        if tensor.name in known:
            writer.add_tensor(tensor.name, known[tensor.name])
        else:  # a table that no training changes
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return True


def _copy(field: Any, writer: gguf.GGUFWriter) -> None:
    written_anew = {"general.architecture", "general.file_type"}
    if field.name in written_anew or field.name.startswith("GGUF."):
        return
    kind, *rest = field.types
    of = rest[-1] if kind == gguf.GGUFValueType.ARRAY and rest else None
    writer.add_key_value(field.name, field.contents(), kind, sub_type=of)


def _by_their_names(
    read: gguf.GGUFReader, weights: Mapping[str, Array]
) -> dict[str, NDArray[np.floating[Any]]]:
    """The weights as the file names and orders them: tables in half, single rows in full
    precision."""
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, _told(read, "llama.block_count"))
    heads = _told(read, "llama.attention.head_count")
    of_keys = _told(read, "llama.attention.head_count_kv") or heads
    found: dict[str, NDArray[np.floating[Any]]] = {}
    for name, value in weights.items():
        own = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if own is None:
            continue
        turned = {"attn_q.weight": heads, "attn_k.weight": of_keys}.get(own.split(".", 2)[-1])
        rows = _turned(value, turned) if turned else value
        found[own] = rows.astype(np.float16 if rows.ndim > 1 else np.float32)
    return found


def _turned(value: Array, heads: int) -> Array:
    """The rows of each head as llama.cpp rotates them: pairs side by side, not in halves."""
    rows, columns = value.shape
    halves = value.reshape(heads, 2, rows // heads // 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)


def _told(read: gguf.GGUFReader, name: str) -> Any:
    field = read.get_field(name)
    return None if field is None else field.contents()
