"""Whether work grows linearly with its input, measured side by side; what the tests of all packages share."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

FACTOR = 16  # linear work takes about 16 times as long on the large input, quadratic work 256 times
MOST = 64
N_RUNS = 3


def assert_linear(work: Callable[[Any], object], large: Sequence[Any]) -> None:
    """Check that work on all of a text or list takes at most 64 times as long as on a sixteenth of it."""
    small = large[: len(large) // FACTOR]
    times = [(cpu_seconds(work, small), cpu_seconds(work, large)) for _ in range(N_RUNS)]
    ratio = min(on_large for _, on_large in times) / min(on_small for on_small, _ in times)
    assert ratio < MOST, f"{FACTOR} times the input takes {ratio:.0f} times as long"


def cpu_seconds(work: Callable[[Any], object], given: Sequence[Any]) -> float:
    """Return the time that this thread computes, which other processes do not change much."""
    start = time.thread_time()
    work(given)
    return time.thread_time() - start
