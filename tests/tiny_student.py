"""A tiny random BERT with a LoRA adapter and a head, written as a real student is.

Run as a script, ``tiny_student.py FOLDER``, so that the tests' own process imports no torch.
"""

from __future__ import annotations

import hashlib
import json
import string
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIMENSIONS = ("warmth", "clarity")
HEAD_TOKENS, TAIL_TOKENS = 30, 20
_HIDDEN, _LAYERS, _RANK = 32, 2, 4
_ADAPTED = ("query", "value")


@dataclass(frozen=True)
class TinyStudent:
    """Where the base model and the adapter are; `section` is what config.yaml says of them."""

    base: Path
    adapter: Path

    @classmethod
    def build(cls, folder: Path) -> TinyStudent:
        """Write base and adapter under ``folder`` in a process of its own."""
        subprocess.run([sys.executable, __file__, str(folder)], check=True, capture_output=True, text=True, timeout=300)
        return cls(base=folder / "base", adapter=folder / "compact")

    def section(self) -> dict[str, Any]:
        """Return ``students.compact`` of a config.yaml, the base given by its absolute path."""
        return {
            "base": {
                "model": "tests/tiny-bert",
                "path": str(self.base),
                "sha256": hashes(self.base, "config.json", "model.safetensors", "tokenizer.json"),
            },
            "adapter": "compact",
            "sha256": hashes(self.adapter, "adapter_config.json", "adapter_model.safetensors"),
            "pooling": "mean",
            "preprocessing": {"head_tokens": HEAD_TOKENS, "tail_tokens": TAIL_TOKENS},
        }


def hashes(folder: Path, *names: str) -> dict[str, str]:
    """Return the sha256 of each named file of a folder."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def _write_base(folder: Path) -> None:
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True)
    vocabulary = _write_tokenizer(folder / "tokenizer.json")
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=_HIDDEN,
        num_hidden_layers=_LAYERS,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.5,
    )
    BertModel(config).save_pretrained(folder)


def _write_tokenizer(path: Path) -> dict[str, int]:
    """Write a WordPiece tokenizer of single letters, with BERT's special tokens; return its vocabulary."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = string.ascii_lowercase + string.digits
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    )
    tokenizer.save(str(path))
    return vocabulary


def _write_adapter(folder: Path) -> None:
    """Write random LoRA updates and a head around 5 under the keys that PEFT writes."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    tensors = {}
    for layer in range(_LAYERS):
        for module in _ADAPTED:
            path = f"base_model.model.bert.encoder.layer.{layer}.attention.self.{module}"
            tensors[f"{path}.lora_A.weight"] = torch.randn(_RANK, _HIDDEN)
            tensors[f"{path}.lora_B.weight"] = torch.randn(_HIDDEN, _RANK)
    tensors["base_model.model.classifier.weight"] = torch.randn(len(DIMENSIONS), _HIDDEN) / _HIDDEN
    tensors["base_model.model.classifier.bias"] = torch.full((len(DIMENSIONS),), 5.0)
    save_file(tensors, folder / "adapter_model.safetensors")
    options = {
        "peft_type": "LORA",
        "r": _RANK,
        "lora_alpha": 2 * _RANK,
        "target_modules": list(_ADAPTED),
        "bias": "none",
    }
    (folder / "adapter_config.json").write_text(json.dumps(options), encoding="utf-8")


def main(folder: Path) -> None:
    """Write ``folder/base`` and ``folder/compact``, the same bytes each time."""
    import torch

    torch.manual_seed(7)
    _write_base(folder / "base")
    _write_adapter(folder / "compact")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
