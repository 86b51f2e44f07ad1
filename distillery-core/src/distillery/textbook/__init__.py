"""Textbook cases: invented articles scored by a filter's anchors, as behavioural tests of its student.

``cases`` holds the file's form, ``variants`` the texts that follow from a case, ``checks`` what is asked of the
student's scores, and ``results`` the shares that pass and the faults of a file.
"""

from .cases import TEXTBOOK_FILE, Textbook, find_textbook
from .checks import Check, run_checks
from .results import failures, shares

__all__ = ["TEXTBOOK_FILE", "Check", "Textbook", "failures", "find_textbook", "run_checks", "shares"]
