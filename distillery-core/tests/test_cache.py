"""The cache: where it is, who can read it, what a killed process leaves in it, and the command that shows it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import processes
import pytest
from commands import FAILED, JSON, OK, distillery, run

from distillery.cache import building, cache_folder, cached_base_model, is_leftover
from distillery.errors import CacheError

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs the users and permissions of POSIX")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISTILLERY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def entry(cache: Path, kind: str, name: str, **made_with: str) -> Path:
    """Put an entry of a thousand bytes and a manifest into the cache."""
    folder = cache / kind / name
    folder.mkdir(parents=True)
    (folder / "model").write_bytes(b"x" * 1000)
    (folder / "manifest.json").write_text(json.dumps({"made_with": made_with}))
    return folder


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("DISTILLERY_CACHE", "~/models")

    assert cache_folder() == tmp_path / "models"


@POSIX
def test_the_home_of_an_unknown_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILLERY_CACHE", "~nobody-of-this-name/models")

    with pytest.raises(CacheError, match=r"set DISTILLERY_CACHE to a folder .*~nobody-of-this-name"):
        cache_folder()


@pytest.mark.parametrize("command", ["info", "clear", "prune"])
def test_a_cache_that_is_no_folder_is_not_called_empty(cache: Path, command: str) -> None:
    cache.write_text("mine")

    done = run("cache", command)

    assert done.exit_code == FAILED
    assert f"{cache} is not a folder: set DISTILLERY_CACHE to one." in done.stderr
    assert cache.read_text() == "mine"


NOBODY = """
import os, platformdirs
from distillery.cache import cached_base_model
os.setgid(54321)
os.setuid(54321)  # from here on nothing can be imported that lies in another user's home
folder = cached_base_model("tiny", lambda work: (work / "config.json").write_text("{}"))
print(folder)
"""


@POSIX
@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root, to become a user without an entry")
@pytest.mark.parametrize("value", [None, "~/models"], ids=["no variable", "a tilde"])
def test_a_user_without_home_and_entry_has_a_cache(tmp_path: Path, value: str | None) -> None:
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents:
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            parent.chmod(0o755)
    environment = {name: text for name, text in os.environ.items() if name not in {"HOME", "DISTILLERY_CACHE"}}
    environment |= {"TMPDIR": str(tmp_path)} | ({"DISTILLERY_CACHE": value} if value else {})

    done = processes.run(sys.executable, "-c", NOBODY, env=environment, cwd=tmp_path, text=True)

    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
    assert (Path(done.stdout.strip()) / "config.json").is_file()


@POSIX
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_what_is_built_has_the_permissions_of_new_files(cache: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with building(cache / "openvino" / "key") as work:
            (work / "model.bin").touch(mode=0o600)
            (work / "inside").mkdir(mode=0o700)
    finally:
        os.umask(before)

    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in cache.rglob("*")}
    assert found == {
        "openvino": 0o777 & ~mask,
        "key": 0o777 & ~mask,
        "inside": 0o777 & ~mask,
        "model.bin": 0o666 & ~mask,
    }


def test_who_is_second_keeps_the_first_ones_folder(cache: Path) -> None:
    with building(cache / "openvino" / "key") as work:
        (work / "mine").touch()
        (entry(cache, "openvino", "key") / "theirs").touch()

    assert (cache / "openvino" / "key" / "theirs").exists()
    assert [path.name for path in (cache / "openvino").iterdir()] == ["key"]


def test_a_cache_that_cannot_be_written_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DISTILLERY_CACHE", str(tmp_path / "file" / "cache"))

    with pytest.raises(CacheError, match="cache not writable: set DISTILLERY_CACHE"):
        cached_base_model("tiny", lambda _: None)


@pytest.fixture
def killed(cache: Path) -> Path:
    """The working folder that a process has left which was killed while it built."""
    code = (
        "import time, sys; from pathlib import Path; from distillery.cache import building\n"
        f"with building(Path({str(cache)!r}) / 'openvino' / 'key') as work:\n"
        "    print(work, flush=True); time.sleep(10_000)"
    )
    with processes.started(sys.executable, "-c", code, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        work = Path(process.stdout.readline().strip())
        assert not is_leftover(work)
        processes.kill(process)
    return work


@POSIX
def test_what_a_killed_process_left_goes_with_the_next_build(cache: Path, killed: Path) -> None:
    assert is_leftover(killed)

    with building(cache / "openvino" / "other"):
        pass

    assert [path.name for path in (cache / "openvino").iterdir()] == ["other"]


def test_work_of_an_unknown_machine_is_left_for_a_day(cache: Path) -> None:
    work = entry(cache, "openvino", ".key.0badcafe-1.abcd.partial")
    assert not is_leftover(work)

    os.utime(work, (time.time() - 90_000,) * 2)

    assert is_leftover(work)


def test_info_shows_what_is_there(cache: Path) -> None:
    entry(cache, "openvino", "a")
    entry(cache, "base-models", "b")
    (cache / "notes.txt").write_text("not ours")

    facts = json.loads(run("cache", "info", *JSON).stdout)

    assert facts["folder"] == str(cache)
    assert [(one["kind"], Path(one["path"]).name) for one in facts["entries"]] == [
        ("base-models", "b"),
        ("openvino", "a"),
    ]
    assert facts["bytes"] == sum(one["bytes"] for one in facts["entries"]) > 2000
    assert "base-models" in run("cache", "info").stdout


def test_clear_removes_what_is_ours_and_nothing_else(cache: Path) -> None:
    entry(cache, "openvino", "a")
    (cache / "embeddings").mkdir()
    (cache / "embeddings" / "b.safetensors").touch()
    entry(cache, "torch", ".key.0badcafe-1.abcd.partial")  # another machine is at work on it
    (cache / "photos").mkdir()
    (cache / "photos" / "cat.jpg").touch()

    result = run("cache", "clear", *JSON)

    assert result.exit_code == OK
    assert len(json.loads(result.stdout)["removed"]) == 2
    assert [path.name for path in (cache / "torch").iterdir()] == [".key.0badcafe-1.abcd.partial"]
    assert (cache / "photos" / "cat.jpg").exists()
    assert not any((cache / "openvino").iterdir())


def test_prune_removes_other_versions_leftovers_and_what_is_long_unused(cache: Path) -> None:
    now = version("distillery-core")
    kept = entry(cache, "openvino", "kept", **{"distillery-core": now})
    entry(cache, "openvino", "older", **{"distillery-core": "0.1"})
    unused = entry(cache, "torch", "unused")
    leftover = entry(cache, "openvino", ".measuring-x1")
    running = entry(cache, "openvino", ".key.0badcafe-1.abcd.partial")
    for folder in (unused, leftover):
        for path in (*folder.iterdir(), folder):
            os.utime(path, (time.time() - 100 * 86_400,) * 2)

    removed = {Path(one["path"]).name for one in json.loads(run("cache", "prune", *JSON).stdout)["removed"]}

    assert removed == {"older", "unused", ".measuring-x1"}
    assert kept.is_dir()
    assert running.is_dir()


@pytest.mark.parametrize("action", ["info", "clear", "prune"])
def test_an_absent_cache_is_empty(cache: Path, action: str) -> None:
    result = run("cache", action)

    assert result.exit_code == OK
    assert not cache.exists()


@POSIX
def test_an_openvino_entry_that_is_used_is_not_pruned(
    bert_filter: Path, cache: Path, run_python: Callable[..., str]
) -> None:
    load = f"import distillery; distillery.load_filter({str(bert_filter)!r}, backend='openvino')"
    run_python(load)
    (folder,) = (cache / "openvino").iterdir()
    for path in (*folder.iterdir(), folder):
        os.utime(path, (0, 0))
    run_python(load)

    run("cache", "prune")

    assert folder.is_dir()


def test_score_says_that_the_cache_is_not_writable(tmp_path: Path, bert_filter: Path, articles_file: Path) -> None:
    (tmp_path / "file").touch()
    environment = os.environ | {"DISTILLERY_CACHE": str(tmp_path / "file" / "cache")}

    done = distillery("score", articles_file, "--filter", bert_filter, "--backend", "openvino", env=environment)

    assert done.returncode == FAILED
    assert b"cache not writable: set DISTILLERY_CACHE" in done.stderr
    assert b"not found" not in done.stderr
