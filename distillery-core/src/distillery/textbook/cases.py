"""The file of a filter's textbook cases: invented articles, their scores by the anchors, and what is asked of them.

.. code-block:: yaml

    least_shares: {functionality: 0.7, invariance: 0.9, direction: 0.6}
    tolerances: {teaser: 2.0}            # where the filter needs others than those of Tolerances
    cases:
      - id: night-clinic
        title: Child deaths fall by half
        content: ...
        anchors: [8, 4, 1, 7.5, 5, 7]    # in the order of the dimensions
        at_least: {weighted_average: 4, evidence_level: 5}
        at_most: {justice_rights_impact: 4}
        above: {planned-clinic: 1}       # scores at least 1 more than this near miss
        names: {Marrow Valley: Tamsin Dale}
        teaser: 40                       # the first 40 words alone
        translations: [{language: nl, title: ..., content: ...}]
        changes:
          - {what: no figures, replace: {"from 41 a year to 19": "a little"}, moves: {evidence_level: -1}}
    known_failures:                      # what the student cannot do yet, with its figure
      night-clinic scores at least 4 on weighted_average: 1.4

Minimum functionality is asked by ``at_least``, ``at_most`` and ``above``; invariance by ``names``, ``teaser`` and
``translations``, and for every case by a byline before and a cookie line after it; direction by ``changes``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ..config.section import faults_in_words
from ..config.yaml_file import read_yaml
from ..errors import ConfigError

TEXTBOOK_FILE = "textbook.yaml"

FUNCTIONALITY, INVARIANCE, DIRECTION = "functionality", "invariance", "direction"
KINDS = (FUNCTIONALITY, INVARIANCE, DIRECTION)

# Those that have a byline and a cookie line in ``variants``.
Language = Literal["en", "nl", "de", "fr", "es", "pt"]
LANGUAGES: tuple[str, ...] = get_args(Language)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tolerances(_Model):
    """How far each harmless edit may move the weighted average, on the 0-10 scale."""

    names: float = 0.5
    frame: float = 0.5
    teaser: float = 1.5
    translation: float = 1.0


class Shares(_Model):
    """The least share of the checks of each kind that must pass, 0 to 1."""

    functionality: float
    invariance: float
    direction: float


class Translation(_Model):
    """The same article in another language."""

    language: Language
    title: str
    content: str


class Change(_Model):
    """A fact added or removed, and by how much it must move scores at least; below 0 is down."""

    what: str
    replace: dict[str, str] = {}
    append: str = ""
    moves: dict[str, float]


class Case(_Model):
    """One invented article, its scores by the anchors in the order of the dimensions, and what is asked of it."""

    id: str
    language: Language = "en"
    title: str
    content: str
    anchors: list[float]
    at_least: dict[str, float] = {}
    at_most: dict[str, float] = {}
    above: dict[str, float] = {}
    names: dict[str, str] = {}
    teaser: int | None = None
    translations: list[Translation] = []
    changes: list[Change] = []

    @model_validator(mode="after")
    def _has_unlike_changes(self) -> Case:
        if repeated := _repeated([change.what for change in self.changes]):
            raise ValueError(f"case '{self.id}' has two changes named '{repeated}'")
        return self


class Textbook(_Model):
    """All cases of a filter, and which checks its student is known to fail, with the figure it gives."""

    least_shares: Shares
    tolerances: Tolerances = Tolerances()
    cases: list[Case]
    known_failures: dict[str, float] = {}

    @model_validator(mode="after")
    def _knows_its_cases(self) -> Textbook:
        identifiers = [case.id for case in self.cases]
        if repeated := _repeated(identifiers):
            raise ValueError(f"two cases have the id '{repeated}'")
        if unknown := [twin for case in self.cases for twin in case.above if twin not in identifiers]:
            raise ValueError(f"a case is compared with '{unknown[0]}', which is no case")
        return self

    @classmethod
    def load(cls, path: Path) -> Textbook:
        """Read a YAML file; raise ConfigError that names each key at fault."""
        content = read_yaml(path)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise ConfigError(faults_in_words(error, [], str(path))) from error


def _repeated(names: list[str]) -> str | None:
    return next((name for name in names if names.count(name) > 1), None)


def find_textbook(filter_folder: Path) -> Path | None:
    """Return the textbook file in the tests of the package whose source holds a filter's folder, None without one."""
    package = next((place for place in filter_folder.resolve().parents if (place / "pyproject.toml").is_file()), None)
    path = package / "tests" / TEXTBOOK_FILE if package else None
    return path if path and path.is_file() else None
