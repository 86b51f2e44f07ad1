"""The conformance kit's worked examples: what a file of cases may say, and the faults that it finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from distillery.config import FilterConfig
from distillery.testing import tiny_config
from distillery.testing.cases import (
    AverageCase,
    FilterCases,
    PrefilterCases,
    average_case_faults,
    prefilter_case_faults,
)

RULES = {
    "min_content_chars": 40,
    "window_chars": 200,
    "blocked_domains": {"code": ["github.com"]},
    "categories": [{"name": "war", "block": ["troops"], "unless": ["peace"]}],
}
GOOD: dict[str, Any] = {
    "passed": ["A trooper reads."],
    "blocked": {"war": ["Troops crossed."]},
    "lifted": [{"categories": ["war"], "by": ["Peace came."]}],
    "not_lifted": [{"categories": ["war"], "by": ["Peaceful it was not."]}],
    "urls": {"excluded_domain_code": ["https://github.com/a"], "passed": ["https://notgithub.com"]},
}


@pytest.fixture
def config() -> FilterConfig:
    return FilterConfig.model_validate({**tiny_config(), "prefilter": RULES})


def test_good_cases_have_no_fault(config: FilterConfig, tmp_path: Path) -> None:
    assert prefilter_case_faults(config, tmp_path, PrefilterCases.model_validate(GOOD)) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"passed": ["Troops read."]}, "the rules say war, the cases passed"),
        ({"blocked": {}, "lifted": [], "not_lifted": []}, "no text that 'war' sets aside"),
        ({"blocked": {"war": ["Nothing."]}}, "the rules say passed, the cases war"),
        ({"lifted": [{"categories": ["war"], "by": ["Nothing."]}]}, "the rules say war, the cases passed"),
        ({"not_lifted": [{"categories": ["war"], "by": ["Peace."]}]}, "the rules say passed, the cases war"),
        ({"urls": {"passed": ["https://github.com"]}}, "at https://github.com: the rules say excluded_domain_code"),
    ],
)
def test_a_case_that_the_rules_contradict_is_a_fault(
    config: FilterConfig, tmp_path: Path, changed: dict[str, Any], fault: str
) -> None:
    faults = prefilter_case_faults(config, tmp_path, PrefilterCases.model_validate({**GOOD, **changed}))

    assert any(fault in line for line in faults)


def test_averages_are_compared_with_tier_and_gatekeeper(config: FilterConfig) -> None:
    n = len(config.dimensions)
    right = AverageCase(what="all ten", scores=[10.0] * n, average=10.0, tier=config.tiers[0].name)
    wrong = [
        right.model_copy(update=update)
        for update in ({"average": 9.0}, {"tier": config.tiers[-1].name}, {"gatekeeper": True})
    ]

    assert average_case_faults(config, [right]) == []
    assert len(average_case_faults(config, [right, *wrong])) == 3
    assert average_case_faults(config, []) == []


def test_file_with_a_misspelt_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(yaml.safe_dump({"prefilter": {"bloked": {}}}), encoding="utf-8")

    with pytest.raises(ValidationError, match="bloked"):
        FilterCases.load(path)
