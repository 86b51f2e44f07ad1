"""``distillery encoder train``, and ``distillery train`` for students that share the encoder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from invented import contents, run_cli, strict_json, write_filter
from safetensors.numpy import load_file

from distillery import DistilleryError, list_filters, load_filter
from distillery.golden import golden_faults
from distillery.toolkit import ADAPTER_CONFIG_FILE, ADAPTER_FILE, EncoderConfig, load_encoder_spec, sha256_of
from distillery_tools.cli.encoder_train import labelled_filters, train_command

ENCODER = """\
# An encoder that we invent for the tests.
name: words1
version: "1.0.0"
requires_core: ">=1.0,<2"
summary: Reads words
base: BASE
adapter: adapter   # ours
sha256:
  adapter_config.json: "0000000000000000000000000000000000000000000000000000000000000001"
  adapter_model.safetensors: "0000000000000000000000000000000000000000000000000000000000000000"
pooling: mean
preprocessing:
  head_tokens: 40
  tail_tokens: 16
"""
QUICK = ("--epochs", 3, "--learning-rate", 0.02, "--rank", 4, "--batch-size", 4)


@pytest.fixture
def encoder(tmp_path: Path, garden: Path) -> Path:
    """The folder of an untrained encoder on the garden's base."""
    base = yaml.safe_load((garden / "config.yaml").read_text(encoding="utf-8"))["students"]["compact"]["base"]
    folder = tmp_path / "words1"
    folder.mkdir()
    (folder / "encoder.yaml").write_text(ENCODER.replace("BASE", json.dumps(base)), encoding="utf-8")
    return folder


@pytest.fixture
def filters(tmp_path: Path, bert_base: Path) -> tuple[Path, Path]:
    """Two filters' folders; the second judges the last dimension alone."""
    garden = write_filter(tmp_path / "filters" / "garden", bert_base)
    lawn = write_filter(tmp_path / "filters" / "lawn", bert_base)
    settings = yaml.safe_load((lawn / "config.yaml").read_text(encoding="utf-8"))
    dimensions = [settings["dimensions"][2] | {"weight": 1.0}]
    settings |= {"name": "lawn", "dimensions": dimensions, "gatekeepers": []}
    (lawn / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return garden, lawn


@pytest.fixture
def labels(tmp_path: Path, data_folder: Path) -> Path:
    """A data folder with the labels of both filters."""
    folder = tmp_path / "both"
    (folder / "labels").mkdir(parents=True)
    (folder / "articles.jsonl").write_bytes((data_folder / "articles.jsonl").read_bytes())
    lines = (data_folder / "labels" / "garden.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "labels" / "garden.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    records = [json.loads(line) for line in lines]
    fewer = [record | {"scores": {"tested": record["scores"]["tested"]}} for record in records[::2] + records[1:16:2]]
    (folder / "labels" / "lawn.jsonl").write_text("\n".join(map(json.dumps, fewer)) + "\n", encoding="utf-8")
    return folder


def train_encoder(encoder: Path, labels: Path, filters: tuple[Path, ...], runs: Path, *options: object) -> Result:
    """Train an encoder's folder quickly."""
    named = [argument for folder in filters for argument in ("--filter", folder)]
    arguments = [encoder, "--data", labels, *named, "--runs", runs, *QUICK, *options]
    return CliRunner(env={"COLUMNS": "250"}).invoke(train_command, [str(argument) for argument in arguments])


def test_from_labels_to_two_filters(encoder: Path, filters: tuple[Path, Path], labels: Path, tmp_path: Path) -> None:
    """The whole way: an encoder for both, then a head for one, which scores."""
    done = train_encoder(encoder, labels, filters, tmp_path / "runs")
    assert done.exit_code == 0, (done.output, done.exception)
    (run,) = (tmp_path / "runs").iterdir()
    config = EncoderConfig.load(encoder)
    assert config.sha256 == {
        name: sha256_of(encoder / "adapter" / name) for name in (ADAPTER_CONFIG_FILE, ADAPTER_FILE)
    }
    assert "adapter: adapter   # ours" in (encoder / "encoder.yaml").read_text(encoding="utf-8")
    assert {name: head.shape for name, head in load_file(run / "heads.safetensors").items()} == {
        "garden.weight": (3, 32),
        "garden.bias": (3,),
        "lawn.weight": (1, 32),
        "lawn.bias": (1,),
    }
    record = strict_json((encoder / "adapter" / "training.json").read_text(encoding="utf-8"))
    assert record["filters"] == {"garden": "1.2.0", "lawn": "1.2.0"}
    assert record["encoder"] == "words1"

    garden = filters[0]
    share(garden, encoder)
    head = run_cli("train", garden, "--data", labels, "--runs", tmp_path / "heads")

    assert head.exit_code == 0, (head.output, head.exception)
    scorer = load_filter(garden, backend="torch")
    assert golden_faults(scorer, tolerance=1e-3) == []
    assert set(load_file(garden / "compact" / ADAPTER_FILE)) == {
        "base_model.model.classifier.weight",
        "base_model.model.classifier.bias",
    }
    kept = strict_json((garden / "compact" / "training.json").read_text(encoding="utf-8"))
    assert kept["encoder_fingerprint"] == load_encoder_spec(encoder).fingerprint
    assert kept["validation"]["relative_error"] < 1


def test_extra_articles_train_the_filters_that_have_labels_there(
    encoder: Path, filters: tuple[Path, Path], labels: Path, tmp_path: Path
) -> None:
    """The encoder and a head; what was trained on is another sha256."""
    article = {"id": "invented-1", "title": "Trees", "content": "Many new trees."}
    label = {"id": "invented-1", "split": "train", "scores": {"green": 9, "shared": 9, "tested": 9}}
    extra = tmp_path / "extra"
    (extra / "labels").mkdir(parents=True)
    (extra / "articles.jsonl").write_text(json.dumps(article), encoding="utf-8")
    (extra / "labels" / "garden.jsonl").write_text(json.dumps(label), encoding="utf-8")
    hashes = set()
    for number, options in enumerate(((), ("--extra", extra))):
        done = train_encoder(
            encoder, labels, filters, tmp_path / str(number), *options, "--dry-run", "--format", "json", "--epochs", 1
        )
        assert done.exit_code == 0, (done.output, done.exception)
        hashes.add(strict_json(done.stdout)["record"]["data_sha256"])
    assert len(hashes) == 2


def share(garden: Path, encoder: Path) -> None:
    """Let a filter's student share an encoder, its head untrained."""
    path = garden / "config.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["students"]["compact"] = {
        "encoder": {"name": "words1", "path": str(encoder), "fingerprint": "0" * 64},
        "adapter": "compact",
        "sha256": {ADAPTER_FILE: "0" * 64},
        "calibration": None,
    }
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


@pytest.mark.parametrize("option", ["--seeds=0,1", "--head-tokens=20"])
def test_a_head_takes_no_option_of_an_encoder(garden: Path, encoder: Path, data_folder: Path, option: str) -> None:
    """It would be without effect, silently."""
    share(garden, encoder)
    said = run_cli("train", garden, "--data", data_folder, option)
    assert said.exit_code == 2
    assert option.partition("=")[0] in said.output


def test_a_dry_run_leaves_the_folder_as_it_is(
    encoder: Path, filters: tuple[Path, Path], labels: Path, tmp_path: Path
) -> None:
    """Adapter and heads are in the run's folder."""
    before = contents(encoder)
    assert train_encoder(encoder, labels, filters, tmp_path / "runs", "--dry-run").exit_code == 0
    assert contents(encoder) == before
    (run,) = (tmp_path / "runs").iterdir()
    assert (run / "adapter" / ADAPTER_FILE).is_file()
    assert np.isfinite(load_file(run / "heads.safetensors")["lawn.weight"]).all()


def test_an_encoder_may_stand_in_a_project(encoder: Path, filters: Any, labels: Path, tmp_path: Path) -> None:
    """As a package does; another context is stated in its encoder.yaml."""
    package = tmp_path / "project" / "src" / "package"
    package.parent.mkdir(parents=True)
    encoder.rename(package)
    done = train_encoder(tmp_path / "project", labels, filters, tmp_path / "runs", "--tail-tokens", 0)
    assert done.exit_code == 0, (done.output, done.exception)
    assert EncoderConfig.load(package).preprocessing.model_dump() == {"head_tokens": 40, "tail_tokens": 0}


def test_a_folder_without_an_encoder_is_refused(garden: Path, labels: Path, tmp_path: Path) -> None:
    """The file is named."""
    said = train_encoder(garden, labels, (garden,), tmp_path / "runs")
    assert isinstance(said.exception, DistilleryError)
    assert "encoder.yaml" in str(said.exception)
    assert not (tmp_path / "runs").exists()


def test_labels_without_an_installed_filter_are_an_error(encoder: Path, labels: Path, tmp_path: Path) -> None:
    """The message names them."""
    said = train_encoder(encoder, labels, (), tmp_path / "runs")
    assert isinstance(said.exception, DistilleryError)
    assert "garden, lawn." in str(said.exception)


def test_installed_filters_are_used_and_the_others_named(labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without names; real filters are installed where these tests run."""
    installed = next(item.name for item in list_filters())
    (labels / "labels" / f"{installed}.jsonl").write_text("", encoding="utf-8")

    configs = labelled_filters(labels, ())

    assert [config.name for config in configs] == [installed]
    assert "note: labels of filters that are not installed are not used: garden, lawn" in capsys.readouterr().err
