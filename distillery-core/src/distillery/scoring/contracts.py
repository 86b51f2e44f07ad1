"""The contracts that the flow relies on: what a scorer, its gates and its Stage 1 offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .article import Article

if TYPE_CHECKING:
    from ..calibration.maps import Calibration
    from ..config import FilterConfig
    from ..students.backends.contract import Outputs
    from ..students.student import Student
    from ..students.tokens import HeadTailTokenizer
    from .score import Provenance, Score

ArticleLike = Article | Mapping[str, Any]


class Embedder(Protocol):
    """Turns texts into vectors for Stage 1; embedders of one fingerprint give the same vectors."""

    fingerprint: str
    tokenizer: HeadTailTokenizer

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text [n_texts, width]."""

    def embed_tokens(self, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return one vector per row of token ids [n_rows, width]."""


class Stage1(Protocol):
    """A cheap model that settles clearly low articles before the student runs."""

    @property
    def embedder(self) -> Embedder:
        """What turns texts into the vectors that `estimate` takes."""

    @property
    def calibration(self) -> Calibration:
        """The calibration of its estimates."""

    @property
    def probe_sha256(self) -> str:
        """The sha256 of its weights."""

    def estimate(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return uncalibrated scores [n, n_dimensions] for embeddings [n, width]."""

    def skips(self, estimate: float, score: Score) -> bool:
        """Say whether an article with this estimated average and Stage 1 score skips the student."""


@dataclass(frozen=True, slots=True)
class Stage1Result:
    """What Stage 1 says of one article.

    ``estimate`` is its weighted average before calibration, None without one. ``score`` is the final score of an
    article that skips the student, None where the student scores it.
    """

    estimate: float | None = None
    score: Score | None = None


class Gate(Protocol):
    """What the flow needs of a gate: its own scorer, and which of its scores set an article aside."""

    @property
    def name(self) -> str:
        """The reason that articles are set aside for."""

    @property
    def scorer(self) -> Scorer:
        """The scorer of the gate's filter."""

    def blocks(self, score: Score) -> bool:
        """Say whether the gate's own score sets an article aside."""


class Scorer(Protocol):
    """What the flow needs of a filter's scorer."""

    config: FilterConfig
    student: Student
    uses_prefilter: bool

    @property
    def gates(self) -> Sequence[Gate]:
        """The filters that set articles aside for this one, in their order."""

    @property
    def stage1(self) -> Stage1 | None:
        """The filter's Stage 1, if it was loaded with one."""

    @property
    def provenance(self) -> Provenance:
        """What makes this scorer's scores."""

    def prefilter_article(self, article: Article) -> Score | None:
        """Return the score of an article that the rules set aside, None for one that goes on."""

    def score_stage1(self, embeddings: NDArray[np.float32]) -> Sequence[Stage1Result]:
        """Return what Stage 1 says of each embedding [n, width]."""

    def to_scores(self, outputs: Outputs) -> Sequence[Score]:
        """Return the scores of the student's outputs [n, width]."""
