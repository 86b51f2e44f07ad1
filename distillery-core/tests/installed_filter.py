"""A tiny filter as pip installs it, ready to be damaged, and a run of the conformance kit on it."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from distillery.scoring.scorer import FilterBaseScorer

PACKAGE = "distillery_filter_tiny_filter"
OTHER_PACKAGE = "acme_tiny"
# Plugins of the run inside a run: one would undo the outer run's guard, one collects garbage for a second.
UNWANTED = ("cacheprovider", "socket", "unraisableexception")
SLOTS = "{{title}} {{source}} {{published_date}} {{article}}"

OFFERS_ITS_FOLDER = """
from pathlib import Path

from distillery import hookimpl


@hookimpl
def distillery_filter():
    return Path(__file__).parent
"""
OFFERS_ITS_CLASS = """
from distillery import hookimpl


@hookimpl
def distillery_filter():
    from .scorer import Scorer

    return Scorer
"""
# Every broken class changes the scores of a batch in one way.
CLASS = """
import contextlib, random, socket
from dataclasses import replace
from pathlib import Path

from distillery import Article, FilterBaseScorer


class Scorer(FilterBaseScorer):
    folder = Path(__file__).parent

    def score_batch(self, articles, *, prefilter=None):
        articles = list(articles)
        scores = super().score_batch(articles, prefilter=prefilter)
        changed = [
            change(number, len(scores), articles, *pair) for number, pair in enumerate(zip(articles, scores))
        ]
        return [score for score in changed if score is not DROPPED]


DROPPED = object()


def change(number, size, articles, article, score):
    return {change}


def telephoned(score):
    with contextlib.suppress(OSError), socket.socket() as line:
        line.connect_ex(("192.0.2.1", 443))
    return score


def moved(score, distance):
    return replace(score, scores={{name: value + distance for name, value in (score.scores or {{}}).items()}})
"""


@dataclass(frozen=True)
class Package:
    """A tiny filter as pip installs it: site-packages, import package and dist-info folder."""

    site: Path

    @property
    def folder(self) -> Path:
        """Where config.yaml is."""
        return self.site / PACKAGE

    @property
    def info(self) -> Path:
        """Where METADATA is."""
        return self.site / f"{PACKAGE}-1.2.3.dist-info"

    def change_metadata(self, old: str, new: str) -> None:
        """Replace text in METADATA."""
        text = (self.info / "METADATA").read_text()
        assert old in text
        (self.info / "METADATA").write_text(text.replace(old, new))

    def change_golden(self, change: Callable[[list[dict[str, Any]]], object]) -> None:
        """Change the golden records."""
        records = [json.loads(line) for line in (self.folder / "golden.jsonl").read_text().splitlines()]
        change(records)
        self.write_golden(records)

    def write_golden(self, records: list[dict[str, Any]]) -> None:
        """Write the golden records."""
        (self.folder / "golden.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records))

    def prepend(self, source: str) -> None:
        """Put source before that of the module."""
        path = self.folder / "__init__.py"
        path.write_text(source + path.read_text())

    def bring_code(self, change: str) -> None:
        """Let the filter offer a scorer class that changes its scores."""
        (self.folder / "__init__.py").write_text(OFFERS_ITS_CLASS)
        (self.folder / "scorer.py").write_text(CLASS.format(change=change))

    def write_record(self) -> None:
        """Write RECORD: a hash of each file that was in the wheel, none of what pip compiles."""
        lines = [f"{PACKAGE}/__pycache__/__init__.cpython-311.pyc,,", f"{self.info.name}/RECORD,,"]
        for path in sorted(path for path in self.site.rglob("*") if path.is_file() and path.name != "RECORD"):
            digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
            lines.append(f"{path.relative_to(self.site).as_posix()},sha256={digest},{path.stat().st_size}")
        (self.info / "RECORD").write_text("\n".join(lines) + "\n")


METADATA = """\
Metadata-Version: 2.4
Name: distillery-filter-tiny-filter
Version: 1.2.3
Summary: Shared water
License-Expression: Apache-2.0
License-File: LICENSE
Requires-Dist: distillery-core<2,>=1.0
Requires-Dist: acme-base==0.1.0
Description-Content-Type: text/markdown

# A tiny filter
"""


def install_sound_filter(site: Path, folder: Path, articles: list[dict[str, Any]]) -> Package:
    """Install a tiny filter's folder, with all that a release has, into a new site-packages folder."""
    package = Package(site)
    shutil.copytree(folder, package.folder)
    (package.folder / "__init__.py").write_text(OFFERS_ITS_FOLDER)
    (package.folder / "prompt.md").write_text(f"Grade reach, proof and lasting.\n\n{SLOTS}\n")
    package.info.mkdir()
    (package.info / "METADATA").write_text(METADATA)
    (package.info / "entry_points.txt").write_text(f"[distillery.filters]\ntiny-filter = {PACKAGE}\n")
    golden = [article | {"language": "nl" if article["id"] == 3 else "en"} for article in articles[:10]]
    scores = FilterBaseScorer.from_folder(package.folder, backend="torch").score_batch(golden, prefilter=False)
    records = [{"article": article, **score.to_dict()} for article, score in zip(golden, scores, strict=True)]
    package.write_golden(records)
    return package


class Recorder:
    """A plugin of pytest that keeps how each test ended, and why."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.passed: set[str] = set()
        self.failed: dict[str, str] = {}
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the result of a test under its name; a fixture that fails counts as its test."""
        name = report.nodeid.rpartition("::")[2].removeprefix("test_")
        if report.failed:
            self.failed[name] = str(report.longrepr)
        elif report.skipped:
            self.skipped[name] = str(report.longrepr)
        elif report.when == "call":
            self.passed.add(name)


def run_kit(package: Package, check: str = "") -> Recorder:
    """Run one check or all of the three lines that a filter package writes, on torch, in this process."""
    package.write_record()
    path = package.site.parent / "test_conformance.py"
    path.write_text(
        "from distillery.testing import FilterConformance\n\n"
        "class TestTinyFilter(FilterConformance):\n    filter_name = 'tiny-filter'\n    backend = 'torch'\n"
    )
    recorder = Recorder()
    quiet = ("--quiet", "--no-header", "--no-summary", *(f"-pno:{name}" for name in UNWANTED))
    chosen = f"{path}::TestTinyFilter" + (f"::test_{check}" if check else "")
    pytest.main([chosen, f"--rootdir={path.parent}", *quiet], plugins=[recorder])
    for name in [name for name in sys.modules if name.partition(".")[0] in {PACKAGE, OTHER_PACKAGE, path.stem}]:
        del sys.modules[name]
    return recorder


def failure_of(package: Package, check: str) -> str:
    """Run one check and return its failure, which names the filter and its version."""
    recorder = run_kit(package, check)
    assert check in recorder.failed, f"the check {check} did not fail"
    assert "tiny-filter 1.2.3" in recorder.failed[check]
    return recorder.failed[check]
