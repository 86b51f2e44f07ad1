"""The conformance kit: a sound filter passes; code that breaks one rule fails the check of that rule."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import processes
import pytest
from installed_filter import Package, failure_of, run_kit


def test_sound_filter_passes_every_check(package: Package) -> None:
    recorder = run_kit(package)

    assert (recorder.failed, recorder.skipped) == ({}, {})
    assert len(recorder.passed) > 30


# Code that changes the scores: what it makes of each, the check that must fail, and what the check says.

CODE = {
    "company": ("moved(score, 0.001 * size)", "batch_equals_one_by_one", "article 'line': reach is "),
    "order": ("moved(score, 0.001 * number)", "order_changes_no_score", "in the reverse.  A score must depend on"),
    "chance": ("moved(score, 1e-7 * random.random())", "scores_are_the_same_again", "the second time"),
    "above ten": ("moved(score, 20.0)", "scores_lie_on_the_scale", "Every score must be a number from 0 to 10"),
    "not a number": ("moved(score, float('nan'))", "scores_lie_on_the_scale", "article 'line': reach is nan"),
    "no score": ("replace(score, scores=None, error='tired')", "scores_lie_on_the_scale", "has scores of [] (tired)"),
    "average": ("replace(score, weighted_average=9.5)", "average_and_tier_follow", "weighted_average is 9.5, but"),
    "tier": ("replace(score, tier='best')", "average_and_tier_follow", "tier is best, but weights, gatekeepers and"),
    "gatekeeper": (
        "replace(score, gatekeeper_applied=not score.gatekeeper_applied)",
        "average_and_tier_follow",
        "gatekeeper_applied is ",
    ),
    "interval without its score": (
        "replace(score, intervals={'reach': (9.98, 9.99)})",
        "intervals_hold_their_scores",
        "the interval of reach is 9.98 to 9.99",
    ),
    "interval off the scale": (
        "replace(score, intervals={'weighted_average': (-0.5, 10.0)})",
        "intervals_hold_their_scores",
        "the interval of weighted_average is -0.5 to 10.0",
    ),
    "interval of nothing": (
        "replace(score, intervals={'beauty': (0.0, 10.0)})",
        "intervals_hold_their_scores",
        "the interval of beauty is 0.0 to 10.0, its score None",
    ),
    "probabilities that fall": (
        "replace(score, tier_probabilities=dict(high=0.6, medium=0.5, low=1), positive_probability=0, confidence=0.5)",
        "probabilities_agree_with_their_tier",
        "they must rise from tier to tier, to 1",
    ),
    "probabilities of other tiers": (
        "replace(score, tier_probabilities={'low': 1.0}, positive_probability=0.5, confidence=0.5)",
        "probabilities_agree_with_their_tier",
        "a probability for each of the tiers high, medium, low",
    ),
    "confidence of another tier": (
        "replace(score, tier_probabilities=dict(high=0.0, medium=0.0, low=1), positive_probability=0, confidence=0.25)",
        "probabilities_agree_with_their_tier",
        "confidence is 0.25",
    ),
    "a part of the probabilities": (
        "replace(score, confidence=0.5)",
        "probabilities_agree_with_their_tier",
        "A score has all three or none",
    ),
    "other weights": (
        "replace(score, provenance=replace(score.provenance, weights_sha256='0'))",
        "scores_say_what_made_them",
        "provenance.weights_sha256 is '0'; it must be '",
    ),
    "no backend": (
        "replace(score, provenance=replace(score.provenance, backend=''))",
        "scores_say_what_made_them",
        "provenance.backend is ''; it must be 'given'",
    ),
    "golden scores": ("moved(score, 0.2)", "golden_scores_match_the_release", "3: reach is "),
    "network": (
        "socket.create_connection(('192.0.2.1', 443))",
        "works_offline",
        "a connection to 192.0.2.1 was asked for",
    ),
    "network in secret": (
        "telephoned(score)",
        "works_offline",
        "a connection to ('192.0.2.1', 443) was asked for",
    ),
}


@pytest.mark.parametrize("case", CODE)
def test_code_at_fault_is_found(package: Package, case: str) -> None:
    change, check, says = CODE[case]
    package.bring_code(change)

    assert says in failure_of(package, check)


AWKWARD_CODE = {
    "stops the batch": (
        "(Article.from_dict(article), score)[1]",
        "empty-model",
        "article 'empty' stops its batch: ArticleError: 'title' is empty.  Give it a Score with an error",
    ),
    "touches a neighbour": (
        "moved(score, 0.5 * any(article['id'] == 'emoji' for article in articles))",
        "emoji-model",
        "article 'paragraph': reach is ",
    ),
    "scores the unreadable": (
        "replace(score, error=None, passed_prefilter=True)",
        "empty-model",
        "article 'empty': weighted_average is None, not from 0 to 10, and the score has no error",
    ),
    "loses the unreadable": (
        "score if score.error is None else DROPPED",
        "empty-prefilter",
        "2 articles have 1 scores",
    ),
}


@pytest.mark.parametrize("case", AWKWARD_CODE)
def test_awkward_article_that_does_harm_is_found(package: Package, case: str) -> None:
    change, kind, says = AWKWARD_CODE[case]
    package.bring_code(change)

    assert says in failure_of(package, f"awkward_article_harms_no_other[{kind}]")


# As a command


def test_command_runs_the_kit_on_installed_filters(package: Package) -> None:
    package.write_record()

    done = distillery_testing("tiny-filter", "-k", "goes_by_one_name", "-q", path=package.site)

    assert (done.returncode, done.stderr) == (0, "")
    assert "1 passed" in done.stdout


def test_command_fails_where_the_kit_does(package: Package) -> None:
    package.change_metadata("Name: distillery-filter-tiny-filter", "Name: acme-tiny")

    done = distillery_testing("tiny-filter", "-k", "goes_by_one_name", path=package.site)

    assert done.returncode == 1
    assert "tiny-filter 1.2.3 has 1 fault(s):\n  the distribution is named acme-tiny." in done.stdout


def test_command_heeds_no_settings_of_a_project_around_the_temporary_folder(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package.write_record()
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--no-such-option'\n")
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    done = distillery_testing("tiny-filter", "-k", "goes_by_one_name", "-q", path=package.site)

    assert (done.returncode, done.stderr) == (0, "")


def test_command_without_a_name_says_how_it_is_used() -> None:
    done = distillery_testing("-q")

    assert done.returncode == 1
    assert done.stderr.startswith("usage: python -m distillery.testing NAME...")


def distillery_testing(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``python -m distillery.testing`` with a folder of packages added to the path."""
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    return processes.run(sys.executable, "-m", "distillery.testing", *arguments, env=environment, text=True)


def test_kit_loads_nothing_heavy(run_python: Callable[..., str]) -> None:
    """A test file is collected in no time."""
    loaded = run_python(
        "import distillery.testing, sys; print(*{'torch', 'transformers', 'openvino', 'peft'} & sys.modules.keys())"
    )

    assert loaded == ""


def test_kit_without_pytest_names_the_remedy(run_python: Callable[..., str]) -> None:
    attempt = "try: import distillery.testing\nexcept ImportError as error: print(error)"

    assert (
        run_python(f"import sys\nsys.modules['pytest'] = None\n{attempt}")
        == "distillery.testing needs pytest: pip install pytest"
    )
