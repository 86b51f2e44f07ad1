"""Shared encoders are found in a folder or offered by an installed package."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_encoder import ENCODER

from distillery.config import ENCODER_FILE, EncoderReference
from distillery.errors import EncoderNotFoundError, ModelError
from distillery.plugins.host import forget_plugins
from distillery.students.encoders import installed_encoders, locate_encoder

Install = Callable[[str], None]


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """A folder that looks like an encoder's: finding one reads nothing."""
    folder = tmp_path / "encoder"
    folder.mkdir()
    (folder / ENCODER_FILE).touch()
    return folder


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """A function that installs a host plugin with the given answer to the hook, as pip would."""
    site = tmp_path / "site"
    information = site / "acme_encoders-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-encoders\nVersion: 1.0\n", encoding="utf-8"
    )
    (information / "entry_points.txt").write_text("[distillery.plugins]\nacme = acme_encoders\n", encoding="utf-8")

    def write(answer: str) -> None:
        source = (
            "from pathlib import Path\nfrom distillery import hookimpl\n\n\n@hookimpl\ndef distillery_encoders():\n"
        )
        (site / "acme_encoders.py").write_text(f"{source}    return {answer}\n", encoding="utf-8")
        monkeypatch.syspath_prepend(site)
        forget_plugins()

    yield write
    forget_plugins()
    sys.modules.pop("acme_encoders", None)


def expected(name: str = ENCODER, *, package: str | None = None, path: Path | None = None) -> EncoderReference:
    return EncoderReference(name=name, package=package, path=path, fingerprint="a" * 64)


def not_found(reference: EncoderReference) -> str:
    """Return the message with which an encoder is not found."""
    with pytest.raises(EncoderNotFoundError) as missing:
        locate_encoder(reference, Path("filter"))
    assert isinstance(missing.value, ModelError)
    return str(missing.value)


def test_an_installed_encoder_is_found(install: Install, encoder: Path) -> None:
    install(f"{{{ENCODER!r}: Path({str(encoder)!r})}}")

    assert installed_encoders()[ENCODER] == encoder
    assert locate_encoder(expected(), Path("anywhere")) == encoder


def test_one_package_may_offer_several(install: Install, encoder: Path) -> None:
    install(f"{{name: Path({str(encoder)!r}) for name in ('first', 'second')}}")

    assert {"first", "second"} <= installed_encoders().keys()


def test_a_path_is_taken_instead_of_an_installed_one(install: Install, encoder: Path) -> None:
    install(f"{{{ENCODER!r}: Path('elsewhere')}}")

    assert locate_encoder(expected(path=encoder), Path("anywhere")) == encoder


def test_a_relative_path_starts_at_the_filter(encoder: Path) -> None:
    (encoder.parent / "filter").mkdir()

    found = locate_encoder(expected(path=Path("../encoder")), encoder.parent / "filter")

    assert found.resolve() == encoder.resolve()


def test_a_missing_package_lists_the_installed_ones(install: Install, encoder: Path) -> None:
    install(f"{{name: Path({str(encoder)!r}) for name in ('zebra', 'ant')}}")

    message = not_found(expected(package="acme-encoder==1.0.0"))

    assert f"The encoder {ENCODER} is not installed." in message
    listed = message.partition("Installed: ")[2].partition("\n")[0].split(", ")
    assert listed == sorted(listed)
    assert {"ant", "zebra"} <= set(listed)
    assert 'pip install "acme-encoder==1.0.0"' in message


def test_nothing_installed_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distillery.students.encoders.host_plugins", tuple)

    assert not_found(expected()).endswith("Installed: none\n  Ask the filter's author.")


@pytest.mark.parametrize("answer", ["1 / 0", "['encoder']", f"{{{ENCODER!r}: 'a/folder'}}", f"{{{ENCODER!r}: None}}"])
def test_a_package_that_offers_no_folder_is_named(install: Install, answer: str) -> None:
    """It costs only its own encoders, and the error for a missing one names the reason."""
    install(answer)

    message = not_found(expected())

    assert "acme-encoders 1.0 could not be loaded: " in message


@pytest.mark.parametrize("source", ["installed", "path"])
def test_a_folder_without_an_encoder_is_named(install: Install, encoder: Path, source: str) -> None:
    (encoder / ENCODER_FILE).unlink()
    install(f"{{{ENCODER!r}: Path({str(encoder)!r})}}")

    message = not_found(expected(path=encoder if source == "path" else None))

    assert f"The encoder {ENCODER} has no {ENCODER_FILE} in {encoder}." in message
