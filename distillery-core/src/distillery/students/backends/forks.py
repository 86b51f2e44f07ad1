"""Forks: threads of torch and OpenVINO stay in the parent, so a child computes without them or refuses at once.

Why: docs/decisions/forks.md
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from ...errors import ForkedProcessError

# Seconds that a fork waits for native computations of other threads to end; one takes less than a second.
LONGEST_WAIT = 30.0

# The process in which each runtime first computed. A child gets a copy, which names its parent.
_used_in: dict[str, int] = {}


def note_use(runtime: str) -> None:
    """Remember that a runtime computes in this process."""
    _used_in.setdefault(runtime, os.getpid())


def forked_since_use(runtime: str) -> bool:
    """Return whether a runtime computed before the fork that made this process."""
    return _used_in.get(runtime, os.getpid()) != os.getpid()


def check_not_forked(runtime: str, title: str) -> None:
    """Raise ForkedProcessError if a runtime computed before the fork that made this process."""
    if forked_since_use(runtime):
        raise ForkedProcessError(
            f"{title} already computed in process {_used_in[runtime]}; this process ({os.getpid()}) is a fork of it, "
            f"in which {title} would hang.\n"
            f"  Load filters in the workers only, after the fork (gunicorn without --preload, Celery's signal "
            f"worker_process_init, an initializer of a multiprocessing Pool), or start processes with 'spawn', or "
            f'load with backend="torch", device="cpu", which computes in a forked process, on one thread.'
        )


class _Computations:
    """Counts the native computations in progress: a fork waits for their end, so that a child inherits no lock."""

    def __init__(self) -> None:
        self._start_over()

    def _start_over(self) -> None:
        self._changed = threading.Condition()
        self._n_running = 0
        self._n_forks_waiting = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: self._n_forks_waiting == 0, LONGEST_WAIT)
            self._n_running += 1
        try:
            yield
        finally:
            with self._changed:
                self._n_running -= 1
                self._changed.notify_all()

    def before_fork(self) -> None:
        self._changed.acquire()
        self._n_forks_waiting += 1
        self._changed.wait_for(lambda: self._n_running == 0, LONGEST_WAIT)

    def after_fork_in_parent(self) -> None:
        self._n_forks_waiting -= 1
        self._changed.notify_all()
        self._changed.release()

    def after_fork_in_child(self) -> None:
        self._start_over()


class _NativeObjects:
    """Native objects whose destructors wait for threads of theirs: a forked child, which lacks these, keeps them."""

    def __init__(self) -> None:
        self._by_owner: WeakKeyDictionary[object, Sequence[object]] = WeakKeyDictionary()
        self._held: list[object] = []

    def add(self, owner: object, natives: Sequence[object]) -> None:
        """Keep ``natives`` in every child that is forked while ``owner`` lives."""
        self._by_owner[owner] = natives

    def before_fork(self) -> None:
        self._held = [native for natives in self._by_owner.values() for native in natives]

    def after_fork_in_parent(self) -> None:
        self._held = []

    def after_fork_in_child(self) -> None:
        """Add a reference that nothing takes back, so that not even the interpreter's end calls a destructor."""
        for native in self._held:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(native))


_natives = _NativeObjects()
keep_after_fork = _natives.add
_computations = _Computations()
computing = _computations.running  # the context of a native computation

if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    for part in (_natives, _computations):
        os.register_at_fork(
            before=part.before_fork,
            after_in_parent=part.after_fork_in_parent,
            after_in_child=part.after_fork_in_child,
        )
