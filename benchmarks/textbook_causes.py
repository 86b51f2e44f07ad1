"""Why textbook cases score low: by shrinkage, by length, by choice of words, and by what students were trained on.

    python benchmarks/textbook_causes.py --data ../shared/data

Prints Markdown tables on the student and the calibration of each filter, beside real articles of the validation and
test splits. The invented texts are those of the filters' textbooks and of textbook_causes.yaml. The vectors of all
texts are kept in the user's cache.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from distillery import FilterBaseScorer, load_filter
from distillery.toolkit import Textbook, find_textbook
from distillery_tools.data.labelled import LabelledData, labelled_files
from distillery_tools.measuring.tables import Table, titled
from distillery_tools.vectors import raw_scores

FILTERS = ("uplifting", "sustainability-technology", "investment-risk", "cultural-discovery")
REWRITTEN = "uplifting"  # the filter whose case textbook_causes.yaml rewrites
TEXTS = Path(__file__).with_suffix(".yaml")
# Words of content; a cut article ends there.
CUTS = (30, 100)
LEAST_WORDS = 150
LENGTHS = ((0, 60), (60, 150), (150, 340), (340, None))
BAND_WIDTH = 1.0

Averages = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """A filter, its labelled articles, and the positive and other cases of its textbook."""

    scorer: FilterBaseScorer
    data: LabelledData
    textbook: Textbook

    @property
    def name(self) -> str:
        """The filter's name."""
        return self.scorer.config.name

    @property
    def positive_from(self) -> float:
        """Where its positives begin."""
        return self.scorer.config.positive_from

    def predicted(self, texts: Sequence[str]) -> Averages:
        """Return the weighted averages [n_texts] that a user gets."""
        raw = raw_scores(self.scorer.student, texts)
        calibration = self.scorer.calibration
        return self.scorer.postfilter.averages(raw if calibration is None else calibration.apply(raw))

    def expected(self, scores: NDArray[np.float64]) -> Averages:
        """Return the weighted averages [n_articles] of the oracle's scores, or of scores by the anchors."""
        return self.scorer.postfilter.averages(scores)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--filters", nargs="+", default=FILTERS)
    options = parser.parse_args()
    subjects = [subject_of(name, options.data) for name in options.filters]
    tables = [
        Table("shrinkage", ["filter", "texts", "number", "label", "prediction", "found"], rows(subjects, shrinkage)),
        Table("length", ["filter", "texts", "number", "label", "prediction", "found"], rows(subjects, lengths)),
        Table("training mix", ["filter", "words", "articles", "positives", "label at most"], rows(subjects, mix)),
    ]
    rewritten = [subject for subject in subjects if subject.name == REWRITTEN]
    for key, title in (("rewritings", "one case in other words"), ("lengths", "three cases at three lengths")):
        tables.append(Table(title, ["text", "words", "prediction"], [row for s in rewritten for row in retold(s, key)]))
    print("\n\n".join(titled(table) for table in tables if table.rows))


def subject_of(name: str, data: Path) -> Subject:
    """Load a filter in float32, its labels and its textbook."""
    scorer = load_filter(name, backend="torch")
    path = find_textbook(scorer.filter_dir)
    if path is None:
        raise SystemExit(f"{name} has no textbook.  Run this in the repository, with the filters installed editable.")
    files = labelled_files(scorer.config, data, None, None)
    return Subject(scorer, LabelledData.load(*files, scorer.config), Textbook.load(path))


def rows(subjects: Iterable[Subject], part: Any) -> list[list[str]]:
    """Return the rows that a part of the question gives for each filter."""
    return [[subject.name, *row] for subject in subjects for row in part(subject)]


def shrinkage(subject: Subject) -> list[list[str]]:
    """Compare real positives, by bands of their label, with textbook positives."""
    seen = [subject.data.splits[name] for name in ("val", "test")]
    label = np.concatenate([subject.expected(split.scores) for split in seen])
    found = np.concatenate([subject.predicted(split.texts) for split in seen])
    edges = np.arange(subject.positive_from, label.max() + BAND_WIDTH, BAND_WIDTH)
    bands = [(label >= low) & (label < low + BAND_WIDTH) for low in edges]
    named = [
        (f"real, {low:g} to {low + BAND_WIDTH:g}", band) for low, band in zip(edges, bands, strict=True) if band.any()
    ]
    highest = ["real, the highest prediction", str(len(label)), "", f"{found.max():.2f}", ""]
    own, texts = textbook_cases(subject)
    return [
        *(compared(subject, name, label[band], found[band]) for name, band in named),
        highest,
        compared(subject, "textbook positives", own, subject.predicted(texts)),
    ]


def lengths(subject: Subject) -> list[list[str]]:
    """Compare real positives of the validation split, whole and cut, and textbook positives by length."""
    split = subject.data.splits["val"]
    label = subject.expected(split.scores)
    chosen = [
        place
        for place, article in enumerate(split.articles)
        if label[place] >= subject.positive_from and len(article.content.split()) >= LEAST_WORDS
    ]
    found = []
    for words in (*CUTS, None):
        texts = [cut(split.articles[place].title, split.articles[place].content, words) for place in chosen]
        what = f"real, first {words} words" if words else "real, whole"
        found.append(compared(subject, what, label[chosen], subject.predicted(texts)))
    own, texts = textbook_cases(subject)
    by_length = defaultdict(list)
    for place, text in enumerate(texts):
        by_length[length_of(len(text.split()))].append(place)
    predicted = subject.predicted(texts)
    return found + [
        compared(subject, f"textbook, {name} words", own[places], predicted[places])
        for name, places in sorted(by_length.items(), key=lambda pair: int(pair[0].split()[0]))
    ]


def mix(subject: Subject) -> list[list[str]]:
    """Count the training articles and positives of each length."""
    split = subject.data.splits["train"]
    label = subject.expected(split.scores)
    groups = np.array([length_of(len(article.content.split())) for article in split.articles])
    result = []
    for low, high in LENGTHS:
        own = label[groups == name_of(low, high)]
        n_positives = int((own >= subject.positive_from).sum())
        share = f"{n_positives} ({n_positives / len(own):.1%})" if len(own) else "0"
        result.append([name_of(low, high), str(len(own)), share, f"{own.max():.2f}" if len(own) else ""])
    return result


def retold(subject: Subject, key: str) -> list[list[str]]:
    """Score the texts of textbook_causes.yaml under a key."""
    texts = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))[key]
    found = subject.predicted([cut(text["title"], text["content"], None) for text in texts])
    return [
        [text["what"], str(len(text["content"].split())), f"{score:.2f}"]
        for text, score in zip(texts, found, strict=True)
    ]


def textbook_cases(subject: Subject) -> tuple[Averages, list[str]]:
    """Return scores by the anchors [n_cases] and texts of the cases that are positives."""
    cases = subject.textbook.cases
    own = subject.expected(np.array([case.anchors for case in cases]))
    places = np.flatnonzero(own >= subject.positive_from)
    return own[places], [cut(cases[place].title, cases[place].content, None) for place in places]


def compared(subject: Subject, what: str, label: Averages, found: Averages) -> list[str]:
    """Return a row: number of texts, mean label, mean prediction, and the share found at the filter's threshold."""
    share = (found >= subject.positive_from).mean()
    return [what, str(len(label)), f"{label.mean():.2f}", f"{found.mean():.2f}", f"{share:.0%}"]


def cut(title: str, content: str, words: int | None) -> str:
    """Return what a student reads of an article cut to its first words."""
    return f"{title}\n\n{content if words is None else ' '.join(content.split()[:words])}"


def length_of(words: int) -> str:
    """Return the class of a length."""
    return next(name_of(low, high) for low, high in LENGTHS if high is None or words <= high)


def name_of(low: int, high: int | None) -> str:
    """Return what a class of lengths is called."""
    return f"{low} and more" if high is None else f"{low} to {high}"


if __name__ == "__main__":
    main()
