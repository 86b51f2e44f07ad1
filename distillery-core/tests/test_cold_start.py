"""The first scores of a process, made by many threads at once, end; a cold start is repeated, for chance decides."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

RunPython = Callable[..., str]

# Without the cure each of these hangs in about half of its runs.
N_STARTS = 4

SCORE_AT_ONCE = """
import sys, threading
import distillery
n_threads, folder, how = {n_threads}, {folder!r}, {how!r}
start = threading.Barrier(n_threads)
scorer = None if how == "load" else distillery.load_filter(folder, backend="openvino")
panel = distillery.load_filters([folder], backend="openvino") if how == "panel" else None
article = {{"title": "Clinic", "content": "shared water in the village"}}
found = []

def work():
    start.wait()
    if panel is not None:
        scores = [score for by_name in panel.score([article] * 4) for score in by_name.values()]
    else:
        scores = (scorer or distillery.load_filter(folder, backend="openvino")).score([article] * 4)
    found.extend(score.error for score in scores)

threads = [threading.Thread(target=work) for _ in range(n_threads)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found), set(found))
"""


@pytest.fixture(scope="module")
def folder(bert_filter: Path, run_python: RunPython) -> str:
    """A filter whose converted network is in the cache."""
    run_python(f"import distillery; distillery.load_filter({str(bert_filter)!r}, backend='openvino')")
    return str(bert_filter)


@pytest.mark.parametrize(("how", "n_threads"), [("score", 2), ("score", 8), ("panel", 8), ("load", 8)])
def test_threads_that_start_at_once_all_score(folder: str, run_python: RunPython, how: str, n_threads: int) -> None:
    for _ in range(N_STARTS if n_threads == 2 else 2):
        assert (
            run_python(SCORE_AT_ONCE.format(n_threads=n_threads, folder=folder, how=how)) == f"{4 * n_threads} {{None}}"
        )


WATCHED = """
import os, sys
log = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def note(event, details):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.sendto"):
        os.write(log, f"{{event}} {{details[:2]}};".encode())
        raise OSError("no network here")
sys.addaudithook(note)
"""


def test_a_conversion_asks_nothing_of_the_network_and_leaves_home_alone(
    bert_filter: Path, tmp_path: Path, run_python: RunPython
) -> None:
    """Processes that are forked or started by it are watched too: they import the same sitecustomize."""
    home, site, log = tmp_path / "home", tmp_path / "site", tmp_path / "log"
    home.mkdir()
    site.mkdir()
    (site / "sitecustomize.py").write_text(WATCHED.format(log=str(log)))
    code = f"""
import os, distillery
scorer = distillery.load_filter({str(bert_filter)!r}, backend="openvino")
print(scorer.score([{{"title": "Clinic", "content": "shared water"}}])[0].error)
"""
    said = run_python(
        code,
        HOME=home,
        PYTHONPATH=os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]),
        DISTILLERY_CACHE=tmp_path / "cache",
        CI="",
        GITHUB_ACTIONS="",
    )

    assert said == "None"
    assert log.read_text() == ""
    assert [str(path.relative_to(home)) for path in home.rglob("*")] == []


def test_the_watch_sees_a_look_up(tmp_path: Path, run_python: RunPython) -> None:
    """So that an empty log above means something."""
    (tmp_path / "sitecustomize.py").write_text(WATCHED.format(log=str(tmp_path / "log")))

    run_python(
        "import socket, contextlib\n"
        "with contextlib.suppress(OSError): socket.getaddrinfo('example.org', 80)\n"
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'import socket; socket.getaddrinfo(\"example.org\", 80)'])",
        PYTHONPATH=tmp_path,
    )

    assert (tmp_path / "log").read_text().count("socket.getaddrinfo") == 2
