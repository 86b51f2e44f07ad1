"""A process forked after a filter was loaded scores, or says at once why not and what to do; it never hangs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

RunPython = Callable[..., str]

# Each program below has a scorer, articles, and `described`, which says how scoring went.
SET_UP = """
import multiprocessing, os, sys, threading, time
from concurrent.futures import ProcessPoolExecutor
import distillery
folder, backend = {folder!r}, {backend!r}
articles = [{{"title": "Clinic", "content": "shared water in the village " * n}} for n in range(1, 9)]
scorer = distillery.load_filter(folder, backend=backend)
expected = scorer.score(articles)[0].weighted_average

def described(score=None):
    try:
        found = (score or scorer.score)(articles)[0].weighted_average
    except distillery.DistilleryError as error:
        return type(error).__name__ + ": " + str(error)
    return "scored" if abs(found - expected) < 0.05 else "another score"
"""

FORK = """
def in_child(work):
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, work().encode())
        sys.exit(0)  # runs the interpreter's end, as in a worker of gunicorn
    os.close(writer)
    said = b"".join(iter(lambda: os.read(reader, 4096), b"")).decode()
    status = os.waitstatus_to_exitcode(os.wait()[1])
    return said if status == 0 else f"status {status}"
"""

PROGRAMS = {
    "os.fork": FORK + "print(in_child(described))",
    "a fork in a fork": FORK + "print(in_child(lambda: in_child(described)))",
    "a Pool": """
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.apply_async(described).get(300))
""",
    "an executor": """
with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
    print(pool.submit(described).result(300))
""",
    "a fork while threads score": FORK
    + """
stop = threading.Event()
def work():
    while not stop.is_set():
        scorer.score(articles)
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
said = {in_child(described) for _ in range(3)}
stop.set()
for thread in threads: thread.join()
print(*said)
""",
    "a fork that loads for itself": FORK
    + """
print(in_child(lambda: described(lambda some: distillery.load_filter(folder, backend=backend).score(some))))
""",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_torch_scores_in_a_forked_process(bert_filter: Path, run_python: RunPython, program: str) -> None:
    code = SET_UP.format(folder=str(bert_filter), backend="torch") + program

    assert run_python(code, OMP_NUM_THREADS=2) == "scored"


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_openvino_names_the_fork_and_the_remedy(bert_filter: Path, run_python: RunPython, program: str) -> None:
    said = run_python(SET_UP.format(folder=str(bert_filter), backend="openvino") + program)

    assert said.startswith("ForkedProcessError: OpenVINO already computed in process ")
    assert "is a fork of it" in said
    assert "Load filters in the workers only" in said


def test_auto_loads_torch_in_a_fork_where_openvino_would_hang(bert_filter: Path, run_python: RunPython) -> None:
    program = FORK + "print(in_child(lambda: described(distillery.load_filter(folder).score)))"

    assert run_python(SET_UP.format(folder=str(bert_filter), backend="auto") + program) == "scored"


@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_a_fork_before_the_first_load_scores(bert_filter: Path, run_python: RunPython, backend: str) -> None:
    """As in a worker of Celery or gunicorn that loads its filters itself."""
    code = f"""
import multiprocessing, distillery
def work():
    scorer = distillery.load_filter({str(bert_filter)!r}, backend={backend!r})
    return scorer.score([{{"title": "Clinic", "content": "shared water"}}])[0].error
with multiprocessing.get_context("fork").Pool(2) as pool:
    print([job.get(300) for job in [pool.apply_async(work) for _ in range(2)]])
"""
    assert run_python(code) == "[None, None]"
