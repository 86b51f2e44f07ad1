"""A good filter really scores, alone and beside many broken packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from broken_filters import CASES
from checks import CORE_VERSION, FAILED
from tiny_student import DIMENSIONS, TinyStudent, hashes
from venvs import CleanVenv, NewVenv
from wheels import TINY_VERSION, tiny_wheel

ARTICLES = [
    {"id": 1, "title": "A bridge", "content": "It opened on Monday, and a town of thousands can cross."},
    {"id": 2, "title": "A long report", "content": "The river was measured for ten years. " * 40},
    {"id": 3, "title": "", "content": "It has no title."},
]


@pytest.fixture(scope="module")
def scored(steady_venv: CleanVenv) -> list[dict[str, Any]]:
    """Scores of the articles in a batch, then of the first two alone."""
    together_and_alone = f"[*steady.score_batch({ARTICLES!r}), *map(steady.score, {ARTICLES[:2]!r})]"
    (outcome,) = steady_venv.evaluate(
        f"(lambda steady: [score.to_dict() for score in {together_and_alone}])(load_filter('steady', backend='torch'))"
    )
    assert outcome.error is None, outcome
    return outcome.value


def test_scores_are_numbers_on_the_scale(scored: list[dict[str, Any]]) -> None:
    """Every dimension has a score from 0 to 10, and articles differ."""
    for score in scored[:2]:
        assert tuple(score["scores"]) == DIMENSIONS
        assert all(0.0 <= value <= 10.0 for value in score["scores"].values())
        assert score["tier"] == ("high" if score["weighted_average"] >= 5.0 else "low")
        expected = 0.75 * score["scores"]["warmth"] + 0.25 * score["scores"]["clarity"]
        assert score["weighted_average"] == pytest.approx(expected, abs=1e-6)
    assert scored[0]["scores"] != scored[1]["scores"]


def test_one_unreadable_article_is_an_error_of_its_own(scored: list[dict[str, Any]]) -> None:
    """It carries an error and no score, and the others of its batch are scored."""
    assert "title" in scored[2]["error"]
    assert scored[2]["scores"] is None
    assert scored[0]["error"] is scored[1]["error"] is None


def test_batch_equals_one_by_one(scored: list[dict[str, Any]]) -> None:
    """The other articles of a batch change no score."""
    for together, alone in zip(scored[:2], scored[3:], strict=True):
        assert alone["scores"] == pytest.approx(together["scores"], abs=1e-4)


def test_provenance_says_what_scored(scored: list[dict[str, Any]], student: TinyStudent) -> None:
    """It holds both full versions, the student and the hash of its weights."""
    provenance = scored[0]["provenance"]
    (weights,) = hashes(student.adapter, "adapter_model.safetensors").values()
    assert provenance["backend"].startswith("torch")
    assert {key: provenance[key] for key in ("filter", "version", "core_version", "student", "weights_sha256")} == {
        "filter": "steady",
        "version": TINY_VERSION,
        "core_version": CORE_VERSION,
        "student": "compact",
        "weights_sha256": weights,
    }


def test_many_broken_packages_at_once(
    new_venv: NewVenv, steady_wheel: Path, student: TinyStudent, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With every broken filter and a broken plugin at once, list, doctor and score still serve the good one."""
    names = {f"broken-{case.id.replace(' ', '-').lower()}": case for case in CASES}
    broken = [case.build(tmp_path_factory.mktemp("broken"), student, name) for name, case in names.items()]
    plugin = tiny_wheel(
        tmp_path_factory.mktemp("plugin"),
        distribution="acme-extras",
        entry_points={"distillery.plugins": {"extras": "acme_extras"}},
        module_source="import nope_nope\n",
    )
    venv = new_venv(steady_wheel, plugin, *broken)

    faults = json.loads(venv.distillery("list", "--format", "json").stdout)
    assert {entry["name"] for entry in faults if entry["fault"]} == {n for n, case in names.items() if case.in_metadata}
    assert len(faults) == len(names) + 1
    done = venv.distillery("doctor", "--format", "json")
    assert done.returncode == FAILED
    assert {entry["name"] for entry in json.loads(done.stdout)["filters"] if not entry["fault"]} == {"steady"}

    lines = "".join(f"{json.dumps(article)}\n" for article in ARTICLES[:2])
    (venv.work / "articles.jsonl").write_text(lines, encoding="utf-8")
    done = venv.distillery("score", "articles.jsonl", "-o", "scored.jsonl", "--backend", "torch", "--quiet")
    assert done.returncode == FAILED
    assert "Traceback" not in done.stderr
    assert done.stderr.count("error: ") == len(names)
    results = [json.loads(line) for line in (venv.work / "scored.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(result["id"], list(result["results"])) for result in results] == [(1, ["steady"]), (2, ["steady"])]
    assert all(result["results"]["steady"]["error"] is None for result in results)
