"""replacing: a file appears whole or not at all, with the permissions of a new one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from distillery.files import replacing


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def test_the_new_content_replaces_the_old(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text("old")

    with replacing(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"

    assert path.read_text() == "new"
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_after_an_error_the_old_content_is_left_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text("old")

    def write() -> None:
        with replacing(path) as partial:
            partial.write_text("new")
            raise error

    with pytest.raises(error):
        write()

    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(os.name == "nt", reason="needs permissions")
@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_permissions_follow_the_umask(tmp_path: Path, mode: int) -> None:
    """Also where a library puts a file of its own in the partial's place."""
    path = tmp_path / "weights"

    with replacing(path) as partial:
        partial.unlink()
        partial.touch()
        partial.chmod(mode)

    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_long_name_is_written_too(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250)

    with replacing(path) as partial:
        partial.write_text("content")

    assert path.read_text() == "content"


def test_a_folder_that_does_not_exist_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "absent" / "file"):
        pass
