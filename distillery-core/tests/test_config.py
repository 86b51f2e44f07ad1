"""FilterConfig: every check of a config.yaml, and all faults reported at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from distillery.config import ADAPTER_CONFIG_FILE, ADAPTER_FILE, FilterConfig, PreprocessingConfig
from distillery.errors import ConfigError

Data = dict[str, Any]
Change = Callable[[Data], object]


def fault(data: Any) -> str:
    """Return the message with which a config is refused."""
    with pytest.raises(ConfigError) as refused:
        FilterConfig.parse(data, source="the/config.yaml")
    return str(refused.value)


def compact(data: Data) -> Data:
    student: Data = data["students"]["compact"]
    return student


def test_a_sound_config_is_read(config: FilterConfig) -> None:
    assert config.dimension_names == ["reach", "proof", "lasting"]
    assert config.weights == [0.5, 0.3, 0.2]
    assert config.dimensions[0].anchors == {"0-2": "one village"}
    assert config.student() is config.student("compact")
    assert config.student().weights_sha256 == "1" * 64


def test_defaults_are_the_legacy_ones(config_data: Data) -> None:
    del config_data["prefilter"]

    config = FilterConfig.parse(config_data)

    assert (config.prefilter.min_content_chars, config.prefilter.window_chars) == (300, 2000)
    assert PreprocessingConfig() == PreprocessingConfig(head_tokens=256, tail_tokens=254)
    assert config.student().calibration is None


def test_config_cannot_be_changed(config: FilterConfig) -> None:
    with pytest.raises(ValueError, match="frozen"):
        config.version = "9.9.9"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(name="Tiny_Filter"), "name: must be lower-case letters .* but is 'Tiny_Filter'"),
        (lambda d: d.update(name="tiny--filter"), "name: "),
        (lambda d: d.update(name="tiny\n"), "name: "),
        (lambda d: d.update(version="six"), r"version: 'six' is not a version \(PEP 440\), such as 6.0.0"),
        (lambda d: d.update(version=6.0), r"version: must be text \(put it in quotes\), but is 6.0"),
        (lambda d: d.update(requires_core="1 to 2"), "requires_core: '1 to 2' is not a version range"),
        (lambda d: d.update(requires_core=""), "requires_core: '' needs a lower and an upper bound"),
        (lambda d: d.update(requires_core=">=1.0"), "requires_core: '>=1.0' needs a lower and an upper bound"),
        (lambda d: d.update(requires_core="<2"), "requires_core: '<2' needs a lower and an upper bound"),
        (lambda d: d.update(requires_core="!=1.5"), "requires_core: '!=1.5' needs a lower and an upper bound"),
        (lambda d: d.update(dimensions=[]), "dimensions: must have at least one entry"),
        (lambda d: d.update(oracle=None), "oracle: must be a section of keys and values, but is None"),
        (lambda d: d["tiers"][0].update(at_least="high"), "tiers.0.at_least: must be a number, but is 'high'"),
        (lambda d: d["tiers"][0].update(at_least=11), "tiers.0.at_least: must be less than or equal to 10, but is 11"),
        (
            lambda d: d["dimensions"][0].update(name="weighted_average"),
            "dimensions: 'weighted_average' cannot be a dimension: results use that name for the average",
        ),
        (
            lambda d: d["dimensions"][0].update(name="proof_low"),
            "dimensions: 'proof_low' cannot be a dimension beside 'proof': tables use that name for its interval",
        ),
        (lambda d: d["dimensions"][0].update(name="Reach"), "dimensions.0.name: "),
        (lambda d: d["dimensions"][1].update(weight=-0.1), "dimensions.1.weight: "),
        (lambda d: d["dimensions"][1].update(weight=float("nan")), "dimensions.1.weight: "),
        (lambda d: d["dimensions"][1].pop("description"), "dimensions.1.description: this key is missing"),
        (lambda d: d["dimensions"][0].update(weight=0.51), "dimensions: the weights sum to 1.01, not to 1"),
        (
            lambda d: d["dimensions"][0].update(weight=0.5 + 2e-9),
            "dimensions: the weights sum to 1.000000002, not to 1",
        ),
        (lambda d: d["dimensions"][0].update(name="proof"), "dimensions: dimension named more than once: proof"),
        (lambda d: d.update(tiers=[]), "tiers: "),
        (lambda d: d["tiers"].reverse(), r"tiers: at_least must fall from tier to tier, but is \[0.0, 4.0, 7.0\]"),
        (lambda d: d["tiers"][0].update(at_least=4.0), "tiers: at_least must fall from tier to tier"),
        (lambda d: d["tiers"].pop(), "tiers: the last tier must start at 0.0, not at 4.0"),
        (lambda d: d["tiers"][0].update(name="low"), "tiers: tier named more than once: low"),
        (lambda d: d["tiers"][0].update(at_least=10.5), "tiers.0.at_least: "),
        (lambda d: d["tiers"][0].update(at_least=float("inf")), "tiers.0.at_least: "),
        (
            lambda d: d["gatekeepers"][0].update(dimension="profo"),
            "'profo' is not a dimension; there are: reach, proof",
        ),
        (lambda d: d["gatekeepers"][0].update(cap=11), "gatekeepers.0.cap: "),
        (lambda d: d["gatekeepers"][0].update(below=float("nan")), "gatekeepers.0.below: "),
        (lambda d: d["gatekeepers"][0].pop("reason"), "gatekeepers.0.reason: this key is missing"),
        (
            lambda d: d["oracle"].update(limits=[{"what": "an advertisement", "at_most": 2, "dimensions": ["profo"]}]),
            "oracle.limits.0.dimensions: 'profo' is not a dimension; there are: reach, proof",
        ),
        (lambda d: d["oracle"].update(limits=[{"what": "a list", "at_most": 11}]), "oracle.limits.0.at_most: "),
        (
            lambda d: d["oracle"].update(examples=[{"article": "A well", "scores": [1, 2], "why": "small"}]),
            "oracle.examples.0.scores: 2 for 3 dimensions; give one for each",
        ),
        (lambda d: d.update(default_student="gemma"), "default_student: 'gemma' is not a student; there are: compact"),
        (lambda d: d.update(students={}), "students: "),
        (lambda d: compact(d).update(pooling="max"), "students.compact.pooling: "),
        (lambda d: compact(d).update(dtype="float16"), "students.compact.dtype: "),
        (lambda d: compact(d)["preprocessing"].update(head_tokens=0), "students.compact.preprocessing.head_tokens: "),
        (
            lambda d: compact(d)["sha256"].pop(ADAPTER_FILE),
            f"students.compact.sha256: states no sha256 for {ADAPTER_FILE}",
        ),
        (lambda d: compact(d)["sha256"].pop(ADAPTER_CONFIG_FILE), f"states no sha256 for {ADAPTER_CONFIG_FILE}"),
        (lambda d: compact(d)["sha256"].update({ADAPTER_FILE: "1" * 63}), f"students.compact.sha256.{ADAPTER_FILE}: "),
        (lambda d: compact(d)["sha256"].update({ADAPTER_FILE: "A" * 64}), f"students.compact.sha256.{ADAPTER_FILE}: "),
        (lambda d: compact(d)["base"].update(sha256={}), "students.compact.base.sha256: "),
        (lambda d: compact(d)["base"]["sha256"].update({"model.safetensors": "x"}), "base.sha256.model.safetensors: "),
        (
            lambda d: compact(d)["base"]["sha256"].pop("model.safetensors"),
            "students.compact.base.sha256: .*safetensors",
        ),
        (lambda d: compact(d)["base"]["sha256"].pop("config.json"), "students.compact.base.sha256: .*config.json"),
        (
            lambda d: compact(d)["base"]["sha256"].pop("tokenizer.json"),
            "students.compact.base.sha256: .*tokenizer.json",
        ),
        (lambda d: compact(d)["base"].update(revision="main"), "students.compact.base.revision: "),
        (lambda d: d["prefilter"].update(min_content_chars=-1), "prefilter.min_content_chars: "),
        (lambda d: d["prefilter"]["categories"][0].update(block=[]), "prefilter.categories.0.block: "),
        (lambda d: d["prefilter"]["categories"][0].update(block=[""]), "prefilter.categories.0.block.0: "),
        (lambda d: d["prefilter"]["categories"][0].update(min_hits=0), "prefilter.categories.0.min_hits: "),
        (lambda d: d["prefilter"]["blocked_domains"].update(vc=[]), "prefilter.blocked_domains.vc: "),
        (lambda d: d.pop("oracle"), "oracle: this key is missing"),
    ],
)
def test_a_fault_is_named_with_its_place(config_data: Data, change: Change, message: str) -> None:
    change(config_data)

    text = fault(config_data)

    assert text.startswith("the/config.yaml has 1 fault(s):")
    assert re.search(message, text)


@pytest.mark.parametrize("requires_core", [">=1.0,<2", ">1,<=1.9", "==1.*", "~=1.2", ">=1.0,<2,!=1.3"])
def test_a_core_range_with_both_bounds_is_accepted(config_data: Data, requires_core: str) -> None:
    assert FilterConfig.parse({**config_data, "requires_core": requires_core}).requires_core == requires_core


def test_weights_may_miss_one_by_rounding(config_data: Data) -> None:
    config_data["dimensions"] = [{"name": f"d{n}", "weight": 0.1, "description": ""} for n in range(10)]
    config_data["gatekeepers"] = []

    assert len(FilterConfig.parse(config_data).dimensions) == 10


@pytest.mark.parametrize(
    "place",
    [
        (),
        ("dimensions", 0),
        ("tiers", 0),
        ("gatekeepers", 0),
        ("prefilter",),
        ("prefilter", "categories", 0),
        ("students", "compact"),
        ("students", "compact", "base"),
        ("students", "compact", "preprocessing"),
        ("oracle",),
    ],
)
def test_unknown_keys_are_faults_everywhere(config_data: Data, place: tuple[str | int, ...]) -> None:
    section: Any = config_data
    for key in place:
        section = section[key]
    section["max_score"] = 3.0

    assert ".".join([*map(str, place), "max_score"]) + ": there is no such key here" in fault(config_data)


def test_all_faults_are_told_at_once(config_data: Data) -> None:
    config_data["version"] = "six"
    config_data["surprise"] = 1
    config_data["dimensions"][0]["weight"] = 0.9
    config_data["tiers"].pop()
    compact(config_data)["base"]["revision"] = "main"
    del compact(config_data)["sha256"][ADAPTER_FILE]

    text = fault(config_data)

    assert "has 6 fault(s)" in text
    for place in (
        "version",
        "surprise",
        "dimensions",
        "tiers",
        "students.compact.base.revision",
        "students.compact.sha256",
    ):
        assert f"  {place}: " in text


def test_dangling_references_are_reported_with_the_other_faults(config_data: Data) -> None:
    config_data["version"] = "six"
    config_data["gatekeepers"][0]["dimension"] = "profo"
    config_data["default_student"] = "gemma"

    text = fault(config_data)

    assert all(word in text for word in ("version: ", "'profo' is not a dimension", "'gemma' is not a student"))


def test_repeated_names_and_a_wrong_sum_are_told_together(config_data: Data) -> None:
    config_data["dimensions"] += [{"name": "proof", "weight": 0.1, "description": ""}]

    text = fault(config_data)

    assert "named more than once: proof" in text
    assert "the weights sum to 1.1" in text


@pytest.mark.parametrize("data", [None, [], "name: x", 3])
def test_a_config_must_be_a_mapping(data: Any) -> None:
    assert "(whole file): " in fault(data)


def test_unknown_student_lists_the_known_ones(config: FilterConfig) -> None:
    with pytest.raises(ConfigError, match=r"tiny-filter 1.2.3 has no student 'gemma'. It has: compact"):
        config.student("gemma")


def test_load_reads_the_file(tmp_path: Path, config: FilterConfig, config_data: Data) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config_data), encoding="utf-8")

    assert FilterConfig.load(tmp_path) == config


def test_load_says_that_the_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config.yaml does not exist; the folder must hold that file"):
        FilterConfig.load(tmp_path)


@pytest.mark.parametrize("content", [b"name: [", b"\xff\xfe\xfa", b"name: !!python/object/apply:os.getcwd []"])
def test_load_refuses_what_is_not_plain_yaml(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.yaml").write_bytes(content)

    with pytest.raises(ConfigError, match=r"config.yaml cannot be read as YAML"):
        FilterConfig.load(tmp_path)


def test_load_refuses_a_key_given_twice(tmp_path: Path, config_data: Data) -> None:
    """YAML forbids it, and PyYAML silently keeps the last: one fact must stand in one place."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config_data) + "version: 9.9.9\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="version"):
        FilterConfig.load(tmp_path)


def test_load_names_the_file_in_its_faults(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: tiny\n", encoding="utf-8")

    with pytest.raises(ConfigError) as refused:
        FilterConfig.load(tmp_path)

    assert str(refused.value).startswith(f"{tmp_path / 'config.yaml'} has ")


def test_positives_start_where_the_second_lowest_tier_does(config_data: Data) -> None:
    """Unless the config says otherwise; with a single tier, at the middle of the scale."""
    assert FilterConfig.parse(config_data).positive_from == 4.0
    assert FilterConfig.parse({**config_data, "positive_from": 6.5}).positive_from == 6.5
    lowest = config_data["tiers"][-1:]
    assert FilterConfig.parse({**config_data, "tiers": lowest}).positive_from == 5.0


def test_a_wrong_start_of_the_positives_is_named(config_data: Data) -> None:
    """Under the key that the file has."""
    config_data["positive_from"] = 11
    assert "positive_from: must be less than or equal to 10, but is 11" in fault(config_data)
