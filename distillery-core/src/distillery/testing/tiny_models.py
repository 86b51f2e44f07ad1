"""Tiny random base models of the real architectures, and adapters on them; all need transformers and PEFT."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..students.base_models import TOKENIZER_FILE

WORDS = [
    *("village", "clinic", "court", "river", "solar", "bank", "music", "farm", "school", "report", "verified", "study"),
    *("people", "found", "open", "the", "a", "of", "and", "in", "to", "for", "with", "new", "old", "shared", "water"),
    *("build", "promise", "measured", "costs", "half", "after", "year"),
]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
SIGNS = ".,-:"

LONGEST = 64  # tokens that the base models read, special ones counted

# What both architectures have; the wide initial range makes random scores differ.
_SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": LONGEST,
    "initializer_range": 0.2,
}
_TARGETS = {"bert": ["query", "value", "dense"], "gemma3_text": ["q_proj", "v_proj", "o_proj", "up_proj"]}


def write_bert(folder: Path, words: Sequence[str] = WORDS, *, seed: int = 1) -> Path:
    """Write a random BERT with a WordPiece tokenizer of these words and of letters, as the Hub holds it."""
    import torch
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True, exist_ok=True)
    size = _write_word_pieces(folder / TOKENIZER_FILE, words)
    torch.manual_seed(seed)
    return _saved(BertModel(BertConfig(vocab_size=size, **_SHAPE)), folder)


def write_gemma(folder: Path, words: Sequence[str] = WORDS, *, seed: int = 2) -> Path:
    """Write a random Gemma-3 text model with a BPE tokenizer that writes spaces as Gemma's does."""
    import torch
    from transformers import Gemma3TextConfig, Gemma3TextModel

    folder.mkdir(parents=True, exist_ok=True)
    size = _write_byte_pairs(folder / TOKENIZER_FILE, words)
    torch.manual_seed(seed)
    shape = Gemma3TextConfig(
        vocab_size=size,
        num_key_value_heads=1,
        head_dim=16,
        sliding_window=8,
        layer_types=["sliding_attention", "full_attention"],
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
        attention_dropout=0.1,
        **_SHAPE,
    )
    return _saved(Gemma3TextModel(shape), folder)


def write_adapter(base: Path, folder: Path, *, n_outputs: int = 3, seed: int = 3, **lora_options: Any) -> Path:
    """Write a random adapter and a head around 5 for a base model, as PEFT's ``save_pretrained`` does."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(seed)
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=n_outputs)
    options = {"r": 4, "lora_alpha": 8, "target_modules": _TARGETS[model.config.model_type]} | lora_options
    adapted = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", **options))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
            elif "modules_to_save" in name:
                parameter.normal_(mean=0.0 if name.endswith("weight") else 5.0)
    adapted.save_pretrained(folder)
    return folder


def _write_word_pieces(path: Path, words: Sequence[str]) -> int:
    """Write a tokenizer; return the size of its vocabulary."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{letter}" for letter in LETTERS), *SIGNS, *words]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    )
    tokenizer.save(str(path))
    return len(vocabulary)


def _write_byte_pairs(path: Path, words: Sequence[str]) -> int:
    """Write a tokenizer trained on the words; return the size of its vocabulary."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))  # noqa: S106
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")  # while training: no token spans words
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([" ".join(words), LETTERS, f"{SIGNS}\n"], trainer)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    tokenizer.save(str(path))
    return tokenizer.get_vocab_size()


def _saved(model: Any, folder: Path) -> Path:
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    model.save_pretrained(folder)
    return folder
