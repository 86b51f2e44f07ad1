"""A pool of processes takes a scorer's method: the scorer is pickled by reference, and loaded where it is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

POOL = """
import multiprocessing, sys, distillery
articles = [{{"title": "Clinic", "content": "shared water in the village"}}] * 2

if __name__ == "__main__":
    scorer = distillery.load_filter({folder!r}, backend={backend!r})
    expected = scorer.score(articles)[0].weighted_average
    with multiprocessing.get_context({method!r}).Pool(1) as pool:
        found = pool.apply_async(scorer.score, (articles,)).get(500)[0]
    print(abs(found.weighted_average - expected) < 0.1)
"""


@pytest.mark.parametrize("backend", ["torch", "openvino"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_takes_the_method_of_a_scorer(
    bert_filter: Path, tmp_path: Path, run_python: Callable[..., str], method: str, backend: str
) -> None:
    """Where OpenVINO would hang, in a fork, torch computes: a worker that cannot read its task never answers."""
    (tmp_path / "pool.py").write_text(POOL.format(folder=str(bert_filter), backend=backend, method=method))

    assert run_python(f"import runpy; runpy.run_path({str(tmp_path / 'pool.py')!r}, run_name='__main__')") == "True"
