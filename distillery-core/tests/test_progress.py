"""Progress on a terminal: what is being done, how many articles, how many failed; nothing elsewhere."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from distillery.cli.progress import shown_progress


class Terminal(io.StringIO):
    """Text that is taken for a terminal."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


def run_steps(*, quiet: bool) -> None:
    with shown_progress(quiet=quiet) as progress:
        progress.step("loading tiny-filter")
        logging.getLogger("distillery.students").warning("Converting the network, once.")
        progress.step("scoring", total=1000)
        progress.advance(500, 1234, 3)


def test_a_terminal_shows_steps_notes_and_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")

    run_steps(quiet=False)

    shown = terminal.getvalue()
    for part in ("loading tiny-filter", "WARNING: Converting the network, once.", "scoring", "50%", "3 failed"):
        assert part in shown
    assert "1,234 articles" in shown
    assert logging.getLogger("distillery").propagate


@pytest.mark.parametrize(("stream", "quiet"), [(io.StringIO, False), (Terminal, True)], ids=["no terminal", "quiet"])
def test_elsewhere_nothing_is_shown(monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], *, quiet: bool) -> None:
    written = stream()
    monkeypatch.setattr(sys, "stderr", written)

    run_steps(quiet=quiet)

    assert written.getvalue() == ""
