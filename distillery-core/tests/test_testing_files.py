"""The conformance kit finds what is wrong with a filter's files and metadata."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from installed_filter import OTHER_PACKAGE, PACKAGE, SLOTS, Package, failure_of, run_kit

from distillery.names import EXPERIMENTAL


def _add(name: str, size: int = 3) -> Callable[[Package], None]:
    def add(package: Package) -> None:
        path = package.site / name
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)

    return add


def _rename(what: str) -> Callable[[Package], None]:
    def rename(package: Package) -> None:
        if what == "module":
            package.folder.rename(package.site / OTHER_PACKAGE)
            (package.info / "entry_points.txt").write_text(f"[distillery.filters]\ntiny-filter = {OTHER_PACKAGE}\n")
        else:
            package.change_metadata("Name: distillery-filter-tiny-filter", "Name: acme-tiny")

    return rename


def _in_metadata(old: str, new: str) -> Callable[[Package], None]:
    return lambda package: package.change_metadata(old, new)


def _add_to_config(line: str) -> Callable[[Package], object]:
    def add(package: Package) -> None:
        path = package.folder / "config.yaml"
        path.write_text(path.read_text() + line)

    return add


def _in_golden(change: Callable[[list[dict[str, Any]]], object]) -> Callable[[Package], None]:
    return lambda package: package.change_golden(change)


def _in_module(source: str) -> Callable[[Package], None]:
    return lambda package: package.prepend(source)


def _evaluated(weights_sha256: str | None) -> Callable[[Package], object]:
    evaluation = {"n_articles": 1, "models": {}} | ({"weights_sha256": weights_sha256} if weights_sha256 else {})
    return lambda package: (package.folder / "evaluation.json").write_text(json.dumps(evaluation))


def _in_prompt(text: str) -> Callable[[Package], object]:
    return lambda package: (package.folder / "prompt.md").write_text(text)


FILES: dict[str, tuple[Callable[[Package], object], str, str]] = {
    "module of another name": (
        _rename("module"),
        "goes_by_one_name",
        f"the import package is named acme_tiny.  For the filter 'tiny-filter' it must be {PACKAGE}",
    ),
    "distribution of another name": (
        _rename("distribution"),
        "goes_by_one_name",
        "the distribution is named acme-tiny.",
    ),
    "requirement without bounds": (
        _in_metadata("acme-base==0.1.0", "acme-base>=0.1"),
        "requires_a_range_of_cores",
        "it requires acme-base>=0.1.  Give a lower and an upper bound",
    ),
    "another core than the config's": (
        _in_metadata("core<2,>=1.0", "core<3,>=1.0"),
        "requires_a_range_of_cores",
        "it requires distillery-core <3,>=1.0, but config.yaml says >=1.0,<2",
    ),
    "no core": (
        _in_metadata("Requires-Dist: distillery-core<2,>=1.0\n", ""),
        "requires_a_range_of_cores",
        "it requires no core, but",
    ),
    "no readme": (
        _in_metadata("\n# A tiny filter\n", ""),
        "has_readme_and_licence",
        "its metadata lacks the text of a README.",
    ),
    "no licence": (
        _in_metadata("License-Expression: Apache-2.0\n", ""),
        "has_readme_and_licence",
        "its metadata lacks a licence.",
    ),
    "marked, but not by the config": (
        _in_metadata("Version: 1.2.3\n", f"Version: 1.2.3\nClassifier: {EXPERIMENTAL}\n"),
        "is_marked_as_its_config_says",
        "its metadata says that it is experimental, config.yaml says not.  Build it again.",
    ),
    "marked by the config alone": (
        _add_to_config("experimental: Few labels\n"),
        "is_marked_as_its_config_says",
        "its metadata says that it is not experimental, config.yaml says that it is.  Build it again.",
    ),
    "no text of a licence": (
        _in_metadata("License-File: LICENSE\n", ""),
        "has_readme_and_licence",
        "its metadata lacks the licence's text.",
    ),
    "pickle": (_add(f"{PACKAGE}/probe.pkl"), "holds_no_forbidden_file", "probe.pkl is of a format that can run code"),
    "torch file": (_add(f"{PACKAGE}/model.pt"), "holds_no_forbidden_file", "model.pt is of a format"),
    "articles": (_add(f"{PACKAGE}/train.jsonl"), "holds_no_forbidden_file", "train.jsonl is data; ship no articles"),
    "tests": (_add("tests/test_it.py"), "holds_no_forbidden_file", "tests/test_it.py is not for users"),
    "compiled by the author": (
        _add(f"{PACKAGE}/__pycache__/rules.cpython-311.pyc"),
        "holds_no_forbidden_file",
        "rules.cpython-311.pyc is not for users",
    ),
    "huge": (
        _add(f"{PACKAGE}/more.safetensors", 31 * 10**6),
        "holds_no_forbidden_file",
        "more.safetensors is 31 MB; at most 30 are allowed",
    ),
    "numpy at import": (
        _in_module("import numpy\n"),
        "imports_nothing_heavy",
        f"importing {PACKAGE} imports numpy.  Import it where it is used",
    ),
    "many modules at import": (
        _in_module("import http.server, unittest.mock, xmlrpc.client\n"),
        "imports_nothing_heavy",
        "25 are allowed.  Import them where they are used",
    ),
    "no prompt": (
        lambda package: (package.folder / "prompt.md").unlink(),
        "has_the_oracles_prompt",
        "prompt.md does not exist.  Write the prompt",
    ),
    "prompt without a slot": (
        _in_prompt("reach proof lasting {{title}} {{source}} {{published_date}}"),
        "has_the_oracles_prompt",
        "prompt.md does not hold {{article}}.",
    ),
    "prompt without a dimension": (
        _in_prompt(f"reach and proof {SLOTS}"),
        "has_the_oracles_prompt",
        "prompt.md does not hold lasting.",
    ),
    "figures of other weights": (
        _evaluated("f" * 64),
        "figures_are_of_its_own_weights",
        "evaluation.json was measured with other weights (sha256 ffffffffffff...).  Measure it: distillery evaluate",
    ),
    "figures of unnamed weights": (
        _evaluated(None),
        "figures_are_of_its_own_weights",
        "evaluation.json was measured before figures named their weights",
    ),
    "nine golden articles": (
        _in_golden(lambda records: records.pop()),
        "golden_articles_suffice",
        "golden.jsonl has 9 articles.  Write at least 10",
    ),
    "golden articles in English": (
        _in_golden(lambda records: records[3]["article"].pop("language")),
        "golden_articles_suffice",
        "golden.jsonl has only English articles.",
    ),
    "golden articles without scores": (
        _in_golden(lambda records: records[0].update(scores={})),
        "golden_articles_suffice",
        "golden article '0' has no score of each dimension.  Train the filter",
    ),
    "changed weights": (
        _add(f"{PACKAGE}/student/adapter_model.safetensors"),
        "works_offline",
        "WeightsError: tiny-filter 1.2.3: adapter_model.safetensors has sha256 ",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_file_at_fault_is_found(package: Package, case: str) -> None:
    damage, check, says = FILES[case]
    damage(package)

    assert says in failure_of(package, check)


def test_editable_filter_has_no_files_to_check(package: Package) -> None:
    """Its files are a source tree's, tests and all."""
    _add("tests/test_it.py")(package)
    (package.info / "direct_url.json").write_text('{"url": "file:///src", "dir_info": {"editable": true}}')

    recorder = run_kit(package, "holds_no_forbidden_file")

    assert list(recorder.skipped) == ["holds_no_forbidden_file"]
    assert "is installed editable" in recorder.skipped["holds_no_forbidden_file"]


def test_filter_that_is_not_installed_fails_with_the_remedy(package: Package) -> None:
    (package.info / "entry_points.txt").unlink()

    recorder = run_kit(package, "goes_by_one_name")

    assert "No filter 'tiny-filter' is installed." in recorder.failed["goes_by_one_name"]
