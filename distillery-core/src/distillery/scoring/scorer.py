"""FilterBaseScorer: one filter's parts, and what it says of an article at each step of the flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self, overload

import numpy as np
from numpy.typing import NDArray

from ..calibration.intervals import Interval
from ..calibration.maps import Calibration
from ..calibration.origin import CalibrationOrigin
from ..config import FilterConfig
from ..errors import ScoringError
from ..plugins.manager import check_core_range, core_version
from ..students.backends.contract import AUTO, Outputs
from ..students.student import Student
from .article import Article
from .flow import ArticleLike, Embedder, score_together
from .gate import CommerceGate
from .postfilter import Outcome, Postfilter
from .prefilter import Prefilter
from .score import Provenance, Score


class FilterBaseScorer:
    """Scores articles with one filter.

    A filter that needs code of its own subclasses this, names its ``folder`` and overrides a step.
    """

    folder: ClassVar[Path | None] = None
    embedder: Embedder | None = None

    def __init__(
        self,
        config: FilterConfig,
        student: Student,
        calibration: Calibration | None = None,
        *,
        filter_dir: Path,
        use_prefilter: bool = True,
    ) -> None:
        """Put the parts together; `from_folder` finds them."""
        self.config = config
        self.student = student
        self.calibration = calibration
        self.filter_dir = filter_dir
        self.prefilter = Prefilter(config.prefilter) if use_prefilter else None
        self.postfilter = Postfilter(config)
        self.commerce: CommerceGate | None = None

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        *,
        student: str | None = None,
        backend: str = AUTO,
        device: str | None = None,
        precision: str = AUTO,
        use_prefilter: bool = True,
    ) -> Self:
        """Load the filter whose config.yaml is in ``folder``, ready to score.

        Raises ConfigError, FilterVersionError, ModelError or CalibrationError.
        """
        config = FilterConfig.load(folder)
        check_core_range(config.name, config.version, config.requires_core)
        trained = Student.load(config, folder, student, backend=backend, device=device, precision=precision)
        settings = trained.config
        calibration = (
            Calibration.load(
                folder / settings.calibration, config, CalibrationOrigin.of_student(settings, trained.encoder_spec)
            )
            if settings.calibration
            else None
        )
        return cls(config, trained, calibration, filter_dir=folder, use_prefilter=use_prefilter)

    @overload
    def score(self, articles: ArticleLike, *, skip_prefilter: bool = False) -> Score: ...
    @overload
    def score(self, articles: Iterable[ArticleLike], *, skip_prefilter: bool = False) -> list[Score]: ...
    def score(
        self, articles: ArticleLike | Iterable[ArticleLike], *, skip_prefilter: bool = False
    ) -> Score | list[Score]:
        """Score one article, as `score_article` does, or many, as `score_batch` does."""
        if isinstance(articles, (Article, Mapping)):
            return self.score_article(articles, skip_prefilter=skip_prefilter)
        return self.score_batch(articles, skip_prefilter=skip_prefilter)

    def score_article(self, article: ArticleLike, *, skip_prefilter: bool = False) -> Score:
        """Score one article; raise ArticleError if it cannot be read, ScoringError if it has no score."""
        readable = article if isinstance(article, Article) else Article.from_dict(article)
        score = self.score_batch([readable], skip_prefilter=skip_prefilter)[0]
        if score.error is not None:
            raise ScoringError(f"{self.config.name} {self.config.version}: {score.error}")
        return score

    def score_batch(self, articles: Iterable[ArticleLike], *, skip_prefilter: bool = False) -> list[Score]:
        """Score articles in their order; one that cannot be scored carries an ``error``."""
        return score_together([self], articles, skip_prefilter=skip_prefilter)[0]

    @cached_property
    def provenance(self) -> Provenance:
        """What every score of this scorer was made by."""
        return Provenance(
            filter=self.config.name,
            version=self.config.version,
            core_version=core_version(),
            student=self.student.name,
            weights_sha256=self.student.config.weights_sha256,
            encoder=self.student.encoder_spec.title,
            calibration=self.calibration.identifier if self.calibration else None,
            backend=self.student.backend.name,
        )

    def screen(self, article: Article) -> Score | None:
        """Return the result for an article that the prefilter sets aside, None for one that goes on."""
        verdict = self.prefilter.check(article) if self.prefilter else None
        return Score.blocked(self.provenance, verdict.reason) if verdict and not verdict.passed else None

    def spare(self, embeddings: NDArray[np.float32]) -> Sequence[Score | float | None]:
        """Return Stage 1's final score for each embedding [n, width], or else its estimate, if it has one.

        The student then reads the article. Without a Stage 1, it reads everything.
        """
        return [None] * len(embeddings)

    def to_scores(self, outputs: Outputs) -> list[Score]:
        """Score what this filter's student read, or one that reads like it, of articles [n, width]."""
        return self._finished(self.student.apply_head(outputs))

    def _finished(self, raw: NDArray[np.float32]) -> list[Score]:
        """Calibrate and judge the student's raw scores [n, n_dimensions]; a row that is not finite is an error."""
        finite = np.asarray(np.isfinite(raw).all(axis=1))
        judged = iter(self._judged(raw[finite], self.calibration))
        return [
            next(judged) if sound else self._not_finite(row) for row, sound in zip(raw, finite.tolist(), strict=True)
        ]

    def _judged(self, raw: NDArray[np.float32], calibration: Calibration | None) -> list[Score]:
        """Calibrate and judge finite raw scores [n, n_dimensions]; the last interval is around the final average."""
        calibrated = calibration.apply(raw) if calibration else raw
        outcomes = self.postfilter.apply(calibrated)
        averages = np.array([outcome.weighted_average for outcome in outcomes])
        found = calibration.intervals(calibrated, averages) if calibration else None
        intervals: Sequence[dict[str, Interval] | None] = [None] * len(raw) if found is None else found
        return [self._scored(*one) for one in zip(raw, outcomes, intervals, strict=True)]

    def _scored(self, raw: NDArray[np.float32], outcome: Outcome, intervals: dict[str, Interval] | None) -> Score:
        return Score(
            provenance=self.provenance,
            passed_prefilter=True,
            scores=outcome.scores,
            weighted_average=outcome.weighted_average,
            tier=outcome.tier.name,
            tier_description=outcome.tier.description,
            gatekeeper_applied=outcome.gatekeeper_applied,
            raw_scores=dict(zip(self.DIMENSION_NAMES, raw.tolist(), strict=True)),
            intervals=intervals,
        )

    def _not_finite(self, raw: NDArray[np.float32]) -> Score:
        broken = [name for name, value in zip(self.DIMENSION_NAMES, raw, strict=True) if not np.isfinite(value)]
        return Score.failed(self.provenance, f"the student's output is not a finite number for {', '.join(broken)}")

    # The predecessor's class constants, which its consumers read.

    @property
    def FILTER_NAME(self) -> str:  # noqa: N802
        """The filter's name."""
        return self.config.name

    @property
    def FILTER_VERSION(self) -> str:  # noqa: N802
        """The filter's full version."""
        return self.config.version

    @property
    def DIMENSION_NAMES(self) -> list[str]:  # noqa: N802
        """The dimensions in the order of the student's outputs."""
        return self.config.dimension_names

    @property
    def DIMENSION_WEIGHTS(self) -> dict[str, float]:  # noqa: N802
        """The weight of each dimension."""
        return dict(zip(self.config.dimension_names, self.config.weights, strict=True))

    @property
    def TIER_THRESHOLDS(self) -> list[tuple[str, float, str]]:  # noqa: N802
        """Name, lowest average and description of each tier, highest first."""
        return [(tier.name, tier.at_least, tier.description) for tier in self.config.tiers]

    @property
    def GATEKEEPER_DIMENSION(self) -> str | None:  # noqa: N802
        """The dimension of the first gatekeeper, or None."""
        return self.config.gatekeepers[0].dimension if self.config.gatekeepers else None

    @property
    def GATEKEEPER_MIN(self) -> float | None:  # noqa: N802
        """The floor under which the first gatekeeper caps, or None."""
        return self.config.gatekeepers[0].below if self.config.gatekeepers else None

    @property
    def GATEKEEPER_CAP(self) -> float | None:  # noqa: N802
        """The cap of the first gatekeeper, or None."""
        return self.config.gatekeepers[0].cap if self.config.gatekeepers else None

    @property
    def MAX_TOKEN_LENGTH(self) -> int:  # noqa: N802
        """The most tokens of an article that the student reads, special ones counted."""
        return self.student.tokenizer.max_length
