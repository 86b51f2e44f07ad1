"""Tiny random filters of the real architectures, written as a filter's author would write them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings

from distillery.backends import NetworkRecipe
from distillery.base_models import sha256_of
from distillery.batching import padded
from distillery.config import ADAPTER_CONFIG_FILE, ADAPTER_FILE, FilterConfig
from distillery.score import Provenance
from distillery.scorer import FilterBaseScorer

# Read when the libraries are imported: no test asks the Hub, and tiny matrices need no threads.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("distillery", deadline=None, max_examples=60, derandomize=True, database=None)
settings.load_profile("distillery")

WORDS = [
    *("village", "clinic", "court", "river", "solar", "bank", "music", "farm", "school", "report", "verified", "study"),
    *("people", "found", "open", "the", "a", "of", "and", "in", "to", "for", "with", "new", "old", "shared", "water"),
    *("build", "promise", "measured", "costs", "half", "after", "year"),
]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
BASE_FILES = ["config.json", "model.safetensors", "tokenizer.json"]
HEAD_TOKENS, TAIL_TOKENS = 16, 8

CONFIG: dict[str, Any] = {
    "name": "tiny-filter",
    "version": "1.2.3",
    "requires_core": ">=1.0,<2",
    "summary": "Shared water and a village clinic, verified.",
    "dimensions": [
        {"name": "reach", "weight": 0.5, "description": "How many people.", "anchors": {"0-2": "one village"}},
        {"name": "proof", "weight": 0.3, "description": "How verified the study."},
        {"name": "lasting", "weight": 0.2, "description": "After a year."},
    ],
    "tiers": [
        {"name": "high", "at_least": 7.0, "description": "Verified and shared."},
        {"name": "medium", "at_least": 4.0, "description": "Found in one village."},
        {"name": "low", "at_least": 0.0, "description": "A promise."},
    ],
    "gatekeepers": [{"dimension": "proof", "below": 3.0, "cap": 3.0, "reason": "Nothing is verified."}],
    "prefilter": {
        "min_content_chars": 20,
        "blocked_domains": {"code": ["github.com"]},
        "categories": [{"name": "corporate_finance", "block": ["share price"], "unless": ["co-op*"]}],
    },
    "students": {
        "compact": {
            "base": {"model": "acme/tiny", "sha256": dict.fromkeys(BASE_FILES, "0" * 64)},
            "adapter": "student",
            "sha256": {ADAPTER_FILE: "1" * 64, ADAPTER_CONFIG_FILE: "2" * 64},
            "pooling": "pooler",
            "preprocessing": {"head_tokens": HEAD_TOKENS, "tail_tokens": TAIL_TOKENS},
        }
    },
    "default_student": "compact",
    "oracle": {"prompt": "prompt.md"},
}


@pytest.fixture(autouse=True, scope="session")
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep converted networks of all tests away from the user's own cache."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["DISTILLERY_CACHE"] = str(folder)
    return folder


@pytest.fixture
def config_data() -> dict[str, Any]:
    """What a sound config.yaml holds, free to be changed."""
    return deepcopy(CONFIG)


@pytest.fixture
def config(config_data: dict[str, Any]) -> FilterConfig:
    return FilterConfig.parse(config_data)


@pytest.fixture(scope="session")
def run_python() -> Callable[..., str]:
    """A function that runs code in a process of its own, with variables set, and returns what it prints."""

    def run(code: str, **variables: object) -> str:
        environment = os.environ | {name: str(value) for name, value in variables.items()}
        ended = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    return run


@pytest.fixture
def provenance() -> Provenance:
    return Provenance("tiny-filter", "1.2.3", "1.0.0", "compact", "1" * 64, None, "torch-float32")


@pytest.fixture(scope="session")
def bert_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT with its WordPiece tokenizer, as a folder of the Hub holds it."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("bert")
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{letter}" for letter in LETTERS), *".,-:", *WORDS]
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(1)
    shape = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        initializer_range=0.2,
    )
    _save_model(BertModel(shape), folder)
    return folder


@pytest.fixture(scope="session")
def gemma_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Gemma-3 text model with a BPE tokenizer that writes spaces as Gemma's does."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import Gemma3TextConfig, Gemma3TextModel

    folder = tmp_path_factory.mktemp("gemma")
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")  # while training: no token spans words
    tokenizer.train_from_iterator(
        [" ".join(WORDS), LETTERS, ".,-:\n"],
        trainers.BpeTrainer(vocab_size=200, special_tokens=["<pad>", "<eos>", "<bos>", "<unk>"], show_progress=False),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(2)
    shape = Gemma3TextConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=64,
        sliding_window=8,
        layer_types=["sliding_attention", "full_attention"],
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
        initializer_range=0.2,
    )
    _save_model(Gemma3TextModel(shape), folder)
    return folder


@pytest.fixture(scope="session")
def write_adapter() -> Callable[..., Path]:
    """A function that writes a random adapter, as PEFT's ``save_pretrained`` does."""
    return _write_adapter


@pytest.fixture(scope="session")
def bert_filter(bert_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filter whose student is a BERT read at its pooler; not to be changed, `copy_of` is."""
    return _write_filter(tmp_path_factory.mktemp("bert-filter"), bert_base, "pooler")


@pytest.fixture(scope="session")
def gemma_filter(gemma_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filter whose student is a Gemma-3 read at its last token; not to be changed, `copy_of` is."""
    return _write_filter(tmp_path_factory.mktemp("gemma-filter"), gemma_base, "last")


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Path], Path]:
    """A function that copies a filter's folder, base model included, to where a test may damage it."""

    def copy(folder: Path) -> Path:
        target = tmp_path / "filter"
        shutil.copytree(folder, target)
        base = Path(_read_config(folder)["students"]["compact"]["base"]["path"])
        shutil.copytree(base, target / "base")
        restate(target, base=target / "base")
        return target

    return copy


@pytest.fixture(scope="session")
def restated() -> Callable[..., Path]:
    """A function that writes the files' present sha256 and other settings into config.yaml."""
    return restate


@pytest.fixture(scope="session")
def bert_scorer(bert_filter: Path) -> FilterBaseScorer:
    return FilterBaseScorer.from_folder(bert_filter, backend="torch")


@pytest.fixture(scope="session")
def gemma_scorer(gemma_filter: Path) -> FilterBaseScorer:
    return FilterBaseScorer.from_folder(gemma_filter, backend="torch")


@pytest.fixture(scope="session")
def articles() -> list[dict[str, Any]]:
    """Articles from a line to several times the student's window."""
    return [
        {
            "id": n,
            "title": f"{WORDS[n % 30]} {WORDS[n % 7]}",
            "content": " ".join(WORDS[n % 5 :: n % 4 + 1] * (n % 6 + 1)),
        }
        for n in range(24)
    ]


@pytest.fixture(scope="session")
def linear_recipe() -> Callable[..., NetworkRecipe]:
    """A function that gives the recipe of a linear network, quick to convert, and notes each time it is built."""
    import torch

    class Linear(torch.nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.score = torch.nn.Linear(1, 2)
            torch.nn.init.constant_(self.score.weight, factor)
            torch.nn.init.zeros_(self.score.bias)

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            scores: torch.Tensor = self.score((input_ids * attention_mask).sum(1, keepdim=True).float())
            return scores

    def recipe(built: list[float], factor: float = 0.5) -> NetworkRecipe:
        def build() -> Any:
            built.append(factor)
            return Linear(factor)

        return NetworkRecipe(f"linear {factor}", build, lambda: [padded([[1, 2, 3]]), padded([[4]])])

    return recipe


def restate(folder: Path, *, base: Path | None = None, **settings: Any) -> Path:
    data = _read_config(folder)
    student = data["students"]["compact"]
    base = base or Path(student["base"]["path"])
    student["base"] |= {"path": str(base), "sha256": {path.name: sha256_of(path) for path in sorted(base.iterdir())}}
    adapter = folder / student["adapter"]
    student["sha256"] = {name: sha256_of(adapter / name) for name in (ADAPTER_FILE, ADAPTER_CONFIG_FILE)}
    student |= settings
    (folder / "config.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return folder


def _write_filter(folder: Path, base: Path, pooling: str) -> Path:
    _write_adapter(base, folder / "student")
    (folder / "config.yaml").write_text(json.dumps(CONFIG), encoding="utf-8")
    return restate(folder, base=base, pooling=pooling)


def _write_adapter(base: Path, folder: Path, *, n_outputs: int = 3, seed: int = 3, **lora_options: Any) -> Path:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(seed)
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=n_outputs)
    bert = model.config.model_type == "bert"
    options = {
        "r": 4,
        "lora_alpha": 8,
        "target_modules": ["query", "value", "dense"] if bert else ["q_proj", "v_proj", "o_proj", "up_proj"],
    } | lora_options
    adapted = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", **options))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
            elif "modules_to_save" in name:
                parameter.normal_(mean=0.0 if name.endswith("weight") else 5.0)
    adapted.save_pretrained(folder)
    return folder


def _save_model(model: Any, folder: Path) -> None:
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    model.save_pretrained(folder)


def _read_config(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    return data
