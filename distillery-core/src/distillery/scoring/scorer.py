"""FilterBaseScorer: one filter's parts, and what each step of the flow does with them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ..calibration.intervals import Interval
from ..calibration.maps import Calibration
from ..calibration.origin import CalibrationOrigin
from ..calibration.probabilities import Probabilities
from ..config import FilterConfig, OperatingPointConfig, operating_points_fault
from ..errors import ForkedProcessError, OperatingPointError, ScoringError
from ..plugins.manager import check_core_range, core_version
from ..students.backends.contract import AUTO, TORCH, Outputs
from ..students.student import Student
from .article import Article
from .article_scorer import ArticleScorer
from .contracts import ArticleLike, Stage1, Stage1Result
from .flow import score_batch
from .gate import FilterGate
from .inputs import iter_articles
from .legacy import LegacyConstants
from .postfilter import Outcome, Postfilter
from .prefilter import Prefilter
from .score import STAGE_1, STAGE_2, Provenance, Score
from .stream import OnBatch, report_batch

logger = logging.getLogger(__name__)


class FilterBaseScorer(LegacyConstants, ArticleScorer[Score]):
    """Scores articles with one filter; safe to share between threads.

    A filter that needs code of its own subclasses this, names its ``folder`` and overrides a step:
    `prefilter_article`, `score_stage1`, `to_scores` or `score_batch`.

        scorer = distillery.load_filter("uplifting")
        score = scorer.score({"title": "...", "content": "..."})
    """

    folder: ClassVar[Path | None] = None

    def __init__(
        self,
        config: FilterConfig,
        student: Student,
        calibration: Calibration | None = None,
        *,
        filter_dir: Path,
        stage1: Stage1 | None = None,
        gates: Sequence[FilterGate] = (),
        prefilter: bool = True,
        operating_point: str | None = None,
        on_batch: OnBatch | None = None,
        reload: Callable[[], FilterBaseScorer] | None = None,
    ) -> None:
        """Put the parts together; `from_folder` finds them. ``reload`` loads the same scorer in another process.

        Raises OperatingPointError if the filter has no such operating point for this student.
        """
        self.config = config
        self.student = student
        self.calibration = calibration
        self.filter_dir = filter_dir
        self.stage1 = stage1
        self.gates: Sequence[FilterGate] = tuple(gates)
        self.prefilter = Prefilter(config.prefilter)
        self.uses_prefilter = prefilter
        self.operating_point = operating_point
        self.postfilter = Postfilter(config, self._threshold())
        self.on_batch = on_batch
        self._reload = reload

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        *,
        student: str | None = None,
        backend: str = AUTO,
        device: str | None = None,
        precision: str = AUTO,
        threads: int | None = None,
        prefilter: bool = True,
        operating_point: str | None = None,
        stage1: Stage1 | None = None,
        gates: Sequence[FilterGate] = (),
        on_batch: OnBatch | None = None,
        reload: Callable[[], FilterBaseScorer] | None = None,
    ) -> Self:
        """Load the filter whose config.yaml is in ``folder``, ready to score.

        Raises ConfigError (OperatingPointError included), FilterVersionError, ModelError or CalibrationError.
        """
        config = FilterConfig.load(folder)
        check_core_range(config.name, config.version, config.requires_core)
        if operating_point is not None:
            config.operating_point(operating_point)  # before a model is built
        trained = Student.load(
            config, folder, student, backend=backend, device=device, precision=precision, threads=threads
        )
        calibration = _load_calibration(config, trained, folder)
        logger.info("Loaded %s %s: student %s, %s.", config.name, config.version, trained.name, trained.backend.name)
        return cls(
            config,
            trained,
            calibration,
            filter_dir=folder,
            stage1=stage1,
            gates=gates,
            prefilter=prefilter,
            operating_point=operating_point,
            on_batch=on_batch,
            reload=reload,
        )

    def score_article(self, article: ArticleLike, *, prefilter: bool | None = None) -> Score:
        """Score one article; raise ArticleError if it cannot be read, ScoringError if it has no score."""
        checked = article if isinstance(article, Article) else Article.from_dict(article)
        return self._score_one(checked, prefilter=prefilter)

    def score_batch(self, articles: Iterable[ArticleLike], *, prefilter: bool | None = None) -> list[Score]:
        """Score one batch of articles in their order; one that cannot be scored carries an ``error``."""
        return score_batch([self], iter_articles(articles), prefilter=prefilter)[0]

    def warm_up(self) -> Self:
        """Run the student once on a short text, so that the first article is as fast as the next; return the scorer."""
        self.student.encode(["warm up"])
        return self

    def info(self) -> dict[str, Any]:
        """Return what scores: versions, fingerprints, backend, gates and Stage 1, as plain JSON values."""
        provenance = self.provenance
        return {
            "filter": provenance.filter,
            "version": provenance.version,
            "core_version": provenance.core_version,
            "folder": str(self.filter_dir),
            "student": provenance.student,
            "weights_sha256": provenance.weights_sha256,
            "encoder": provenance.encoder,
            "encoder_fingerprint": self.student.encoder_spec.fingerprint,
            "calibration": provenance.calibration,
            "backend": provenance.backend,
            "max_tokens": self.student.tokenizer.max_length,
            "dimensions": self.config.dimension_names,
            "tiers": {tier.name: tier.at_least for tier in self.config.tiers},
            "positive_from": self.config.positive_from,
            "operating_point": self.operating_point,
            "operating_points": {name: point.threshold for name, point in self._operating_points.items()},
            "mode": "hybrid" if self.stage1 else "full",
            "probe_sha256": provenance.probe_sha256,
            "embedder": provenance.embedder,
            "gates": [f"{gate.name} {gate.scorer.config.version}" for gate in self.gates],
            "prefilter": self.uses_prefilter,
        }

    @cached_property
    def provenance(self) -> Provenance:
        """What makes every score of this scorer."""
        return Provenance(
            filter=self.config.name,
            version=self.config.version,
            core_version=core_version(),
            student=self.student.name,
            weights_sha256=self.student.config.weights_sha256,
            encoder=self.student.encoder_spec.title,
            calibration=self.calibration.identifier if self.calibration else None,
            backend=self.student.backend.name,
            probe_sha256=self.stage1.probe_sha256 if self.stage1 else None,
            embedder=self.stage1.embedder.fingerprint if self.stage1 else None,
            operating_point=self.operating_point,
        )

    @cached_property
    def _stage1_provenance(self) -> Provenance:
        calibration = self.stage1.calibration if self.stage1 else None
        return replace(self.provenance, calibration=calibration.identifier if calibration else None)

    def prefilter_article(self, article: Article) -> Score | None:
        """Return the score of an article that the filter's rules set aside, None for one that goes on."""
        verdict = self.prefilter.check(article)
        return None if verdict.passed else Score.make_blocked(self.provenance, verdict.reason)

    def score_stage1(self, embeddings: NDArray[np.float32]) -> Sequence[Stage1Result]:
        """Return Stage 1's estimate for each embedding [n, width], and its score if the article skips the student."""
        if self.stage1 is None:
            return [Stage1Result()] * len(embeddings)
        raw = self.stage1.estimate(embeddings)
        finite = np.asarray(np.isfinite(raw).all(axis=1))
        averages = self.postfilter.averages(raw[finite]).tolist()
        scores = self._calibrated_scores(raw[finite], self.stage1.calibration)
        results = iter([self._stage1_result(*one) for one in zip(averages, scores, strict=True)])
        return [next(results) if sound else Stage1Result() for sound in finite.tolist()]

    def to_scores(self, outputs: Outputs) -> list[Score]:
        """Return the scores of the student's outputs [n, width]; an output that is not finite is an error."""
        raw = self.student.apply_head(outputs)
        finite = np.asarray(np.isfinite(raw).all(axis=1))
        scores = iter(self._calibrated_scores(raw[finite], self.calibration))
        found = [next(scores) if sound else self._not_finite(row) for row, sound in zip(raw, finite, strict=True)]
        return [replace(score, stage_used=STAGE_2) for score in found] if self.stage1 else found

    def __reduce__(self) -> tuple[Callable[[Any], Any], tuple[Any]]:
        """Pickle by reference: the other process loads the filter by its name or path, with the same options."""
        if self._reload is None:
            raise TypeError(
                f"{self!r} cannot be pickled: it was put together by hand. "
                f"Load it in the other process: distillery.load_filter({self.config.name!r})."
            )
        return _call, (self._reload,)

    def __repr__(self) -> str:
        details = [f"student {self.student.name}", self.student.backend.name]
        details += ["two stages"] if self.stage1 else []
        details += [f"operating point {self.operating_point}"] if self.operating_point else []
        details += [f"gates {', '.join(gate.name for gate in self.gates)}"] if self.gates else []
        return f"<{type(self).__name__} {self.config.name} {self.config.version}: {', '.join(details)}>"

    @property
    def _title(self) -> str:
        return self.config.name

    def _score_one(self, article: Article, *, prefilter: bool | None) -> Score:
        score = self._score_reported([article], prefilter=prefilter)[0]
        if score.error is not None:
            raise ScoringError(f"{self.config.name} {self.config.version}: {score.error}")
        return score

    def _score_reported(self, batch: Sequence[ArticleLike], *, prefilter: bool | None) -> list[Score]:
        started = time.perf_counter()
        scores = self.score_batch(batch, prefilter=prefilter)
        report_batch(self.on_batch, {self.config.name: scores}, started)
        return scores

    def _threshold(self) -> float | None:
        """Return the threshold of the operating point, None without one; raise OperatingPointError if it is unfit."""
        if self.operating_point is None:
            return None
        point = self.config.operating_point(self.operating_point)
        calibration = self.calibration.identifier if self.calibration else None
        if fault := operating_points_fault(self.config, self.student.config.weights_sha256, calibration):
            raise OperatingPointError(fault)
        return point.threshold

    @property
    def _operating_points(self) -> Mapping[str, OperatingPointConfig]:
        return self.config.operating_points.points if self.config.operating_points else {}

    def _stage1_result(self, estimate: float, score: Score) -> Stage1Result:
        if self.stage1 is None or not self.stage1.skips(estimate, score):
            return Stage1Result(estimate)
        final = replace(score, provenance=self._stage1_provenance, stage_used=STAGE_1, stage1_estimate=estimate)
        return Stage1Result(estimate, final)

    def _calibrated_scores(self, raw: NDArray[np.float32], calibration: Calibration | None) -> list[Score]:
        """Return the scores of finite raw scores [n, n_dimensions]; intervals and probabilities are of final values."""
        calibrated = calibration.apply(raw) if calibration else raw
        outcomes = self.postfilter.apply(calibrated)
        averages = np.array([outcome.weighted_average for outcome in outcomes])
        intervals = calibration.intervals(calibrated, averages) if calibration else None
        probabilities = None
        if calibration and calibration.probabilities:
            probabilities = calibration.probabilities.apply(averages, [outcome.tier.name for outcome in outcomes])
        unknown = [None] * len(raw)
        parts = zip(raw, outcomes, intervals or unknown, probabilities or unknown, strict=True)
        return [self._to_score(*one) for one in parts]

    def _to_score(
        self,
        raw: NDArray[np.float32],
        outcome: Outcome,
        intervals: dict[str, Interval] | None,
        probabilities: Probabilities | None,
    ) -> Score:
        return Score(
            provenance=self.provenance,
            passed_prefilter=True,
            scores=outcome.scores,
            weighted_average=outcome.weighted_average,
            tier=outcome.tier.name,
            tier_description=outcome.tier.description,
            gatekeeper_applied=outcome.gatekeeper_applied,
            raw_scores=dict(zip(self.config.dimension_names, raw.tolist(), strict=True)),
            intervals=intervals,
            tier_probabilities=probabilities and probabilities.tiers,
            positive_probability=probabilities and probabilities.positive,
            confidence=probabilities and probabilities.confidence,
        )

    def _not_finite(self, raw: NDArray[np.float32]) -> Score:
        names = self.config.dimension_names
        broken = [name for name, value in zip(names, raw, strict=True) if not np.isfinite(value)]
        return Score.make_failed(
            self.provenance, f"the student's output is not a finite number for {', '.join(broken)}"
        )


def _call(load: Callable[..., FilterBaseScorer]) -> FilterBaseScorer:
    """Load a scorer that another process pickled; in a fork where its backend would hang, torch computes."""
    try:
        return load()
    except ForkedProcessError as error:
        # Not raised: a worker of a Pool that cannot unpickle its task ends, and the caller would wait for ever.
        logger.warning("%s\n  Using torch instead.", error)
        return load(backend=TORCH, device="cpu", precision=AUTO)


def _load_calibration(config: FilterConfig, student: Student, folder: Path) -> Calibration | None:
    settings = student.config
    if not settings.calibration:
        return None
    origin = CalibrationOrigin.of_student(settings, student.encoder_spec)
    return Calibration.load(folder / settings.calibration, config, origin)
