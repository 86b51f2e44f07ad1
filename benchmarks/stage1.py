"""What Stage 1 could read: the mean of token vectors, or a base model's first layers, on more or fewer tokens.

    python benchmarks/stage1.py --data ../shared/data

For each candidate, the share of the articles sampled at random that a probe leaves to Stage 1 at the threshold that
`distillery probe threshold` would choose (at most 5 % missed with 95 % confidence; "mean" is steadier: the share where
1 to 10 % of the positives are missed, averaged), on held-out estimates of the articles of train and val; and what
embedding costs beside the student, both in torch, taking turns. The networks' vectors are kept in the user's cache.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from distillery import FilterBaseScorer, FilterConfig, load_filter
from distillery.toolkit import (
    TOKENIZER_FILE,
    EmbedderConfig,
    EncoderNetwork,
    HeadTailTokenizer,
    Postfilter,
    PreprocessingConfig,
    StaticEmbedder,
    batches_by_length,
    load_backbone,
    locate_filter,
    padded,
    read_records,
)
from distillery_tools.bench.timing import Way, ratio, timed_in_turns
from distillery_tools.data.labelled import LabelledData
from distillery_tools.data.near_duplicates import duplicate_groups, near_duplicates
from distillery_tools.probe.cross_fitting import cross_fit
from distillery_tools.probe.examples import ProbeExamples
from distillery_tools.probe.guarantee import choose_threshold
from distillery_tools.vectors import Vectors, cached_vectors

FILTERS = ("uplifting", "sustainability-technology", "investment-risk", "cultural-discovery")
STATIC = 0
# Layers (0 is the mean of token vectors), tokens from the beginning, tokens from the end.
CANDIDATES = ((STATIC, 171, 83), (STATIC, 96, 32), (STATIC, 64, 0), (2, 171, 83), (1, 96, 32), (2, 96, 32), (2, 64, 0))
MISSED = np.linspace(0.01, 0.1, 10)
N_TIMED, ROUNDS = 32, 3

Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True)
class Layers:
    """The first layers of a base model, their hidden states averaged over the tokens."""

    network: EncoderNetwork
    tokenizer: HeadTailTokenizer

    @classmethod
    def of(cls, base: Path, n_layers: int, preprocessing: PreprocessingConfig) -> Layers:
        """Cut a BERT off after its first layers."""
        backbone = load_backbone(base)
        backbone.encoder.layer = backbone.encoder.layer[:n_layers]  # type: ignore[index]
        return cls(
            EncoderNetwork(backbone, "mean").eval(), HeadTailTokenizer.shared(base / TOKENIZER_FILE, preprocessing)
        )

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector per text [n_texts, width]."""
        rows = self.tokenizer.encode(texts)
        vectors: list[NDArray[np.float32] | None] = [None] * len(rows)
        for batch in batches_by_length([len(row) for row in rows]):
            ids, mask = (torch.from_numpy(array) for array in padded([rows[index] for index in batch]))
            with torch.inference_mode():
                for index, vector in zip(batch, self.network(ids, mask).numpy(), strict=True):
                    vectors[index] = vector
        return np.array(vectors)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of articles.jsonl and labels/")
    parser.add_argument("--filters", nargs="+", default=FILTERS)
    options = parser.parse_args()
    articles = options.data / "articles.jsonl"
    natural = {one["id"] for one in read_records(articles) if str(one.get("sampling")).startswith("random")}
    tasks = [_task(name, articles, options.data / "labels" / f"{name}.jsonl") for name in options.filters]
    texts = [article.text for article in tasks[0][1].articles]
    groups = duplicate_groups(len(texts), near_duplicates(texts))
    student = load_filter(options.filters[0], backend="torch")
    print(f"{'embedder':20} {'cost':>6}  share left to Stage 1, mean: {', '.join(options.filters)}")
    for n_layers, head, tail in CANDIDATES:
        embed, facts = _candidate(student, n_layers, PreprocessingConfig(head_tokens=head, tail_tokens=tail))
        cost = _cost(embed, student, texts[:: len(texts) // N_TIMED][:N_TIMED])
        vectors = cached_vectors(facts, texts, embed)
        shares = [_shares(vectors, config, examples, groups, natural) for config, examples in tasks]
        shown = "  ".join(f"{bound:.1%} {mean:.1%}" for bound, mean in shares)
        print(f"{_title(n_layers)}, {head}+{tail}".ljust(20), f"{cost:6.1%}  {shown}", flush=True)


def _task(name: str, articles: Path, labels: Path) -> tuple[FilterConfig, ProbeExamples]:
    config = FilterConfig.load(locate_filter(name)[0])
    return config, ProbeExamples.of(config, LabelledData.load(articles, labels, config), config.positive_from)


def _title(n_layers: int) -> str:
    return f"{n_layers} layers" if n_layers else "token vectors"


def _candidate(student: FilterBaseScorer, n_layers: int, preprocessing: PreprocessingConfig) -> tuple[Embed, object]:
    reading = student.student.encoder_spec
    if n_layers == STATIC:
        config = EmbedderConfig.of(reading, reading.folder).model_copy(update={"preprocessing": preprocessing})
        return StaticEmbedder.load(config, reading.folder).embed, config.fingerprint
    facts = ["layers", n_layers, reading.base.sha256, preprocessing.model_dump()]
    return Layers.of(reading.base_folder(), n_layers, preprocessing).embed, facts


def _cost(embed: Embed, student: FilterBaseScorer, texts: Sequence[str]) -> float:
    """Return the cost of embedding as a share of the student's."""
    ways = [
        Way("stage 1", 1, len(texts), 0, "", partial(embed, texts)),
        Way("student", 1, len(texts), 1, "", partial(student.student.predict, texts)),
    ]
    seconds = timed_in_turns(ways, ROUNDS, lambda: None)
    return ratio(seconds["stage 1"], seconds["student"])


def _shares(
    vectors: Vectors, config: FilterConfig, examples: ProbeExamples, groups: Sequence[int], natural: set[object]
) -> tuple[float, float]:
    fitted = cross_fit(vectors, examples.scores, examples.positive, groups)
    estimates = Postfilter(config).averages(fitted.held_out)
    positives = estimates[examples.positive]
    threshold = choose_threshold(positives, 0.05, 0.95, config.probe_ceiling)
    random = estimates[[article.id in natural for article in examples.articles]]
    mean = np.mean([(random < line).mean() for line in np.quantile(positives, MISSED)])
    return float((random < threshold.value).mean()), float(mean)


if __name__ == "__main__":
    main()
