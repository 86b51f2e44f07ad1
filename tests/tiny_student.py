"""A tiny random BERT with a LoRA adapter and a head, written as a real student is.

Run as a script, ``tiny_student.py FOLDER``, so that the tests' own process imports no torch.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distillery.testing import student_section

DIMENSIONS = ("warmth", "clarity")
HEAD_TOKENS, TAIL_TOKENS = 30, 20


@dataclass(frozen=True)
class TinyStudent:
    """Where the base model and the adapter are; `section` is what config.yaml says of them."""

    base: Path
    adapter: Path

    @classmethod
    def build(cls, folder: Path) -> TinyStudent:
        """Write base and adapter under ``folder`` in a process of its own."""
        import processes  # the script's own process does not see it

        processes.run(sys.executable, __file__, folder, check=True, text=True)
        return cls(base=folder / "base", adapter=folder / "compact")

    def section(self) -> dict[str, Any]:
        """Return ``students.compact`` of a config.yaml, the base given by its absolute path."""
        section = student_section(
            self.base,
            self.adapter,
            pooling="mean",
            preprocessing={"head_tokens": HEAD_TOKENS, "tail_tokens": TAIL_TOKENS},
        )
        section["base"]["model"] = "tests/tiny-bert"
        return section


def hashes(folder: Path, *names: str) -> dict[str, str]:
    """Return the sha256 of each named file of a folder."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def main(folder: Path) -> None:
    """Write ``folder/base`` and ``folder/compact``."""
    from distillery.testing import write_adapter, write_bert

    base = write_bert(folder / "base")
    write_adapter(base, folder / "compact", n_outputs=len(DIMENSIONS))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
