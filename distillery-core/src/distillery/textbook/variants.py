"""The texts that follow from a textbook case: itself, its harmless edits, and its changed facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..errors import ConfigError
from .cases import Case, Change

# What an article's text often begins and ends with, and what says nothing about it.
_FRAMES = {
    "en": ("By our correspondent, 14 March, 08:30.", "We use cookies to improve this site. Accept all or manage."),
    "nl": ("Van onze correspondent, 14 maart, 08.30 uur.", "Wij gebruiken cookies. Alles accepteren of instellen."),
    "de": ("Von unserer Korrespondentin, 14. März, 8.30 Uhr.", "Wir verwenden Cookies. Alle annehmen oder einstellen."),
    "fr": ("De notre correspondante, le 14 mars, 8 h 30.", "Nous utilisons des cookies. Tout accepter ou choisir."),
    "es": ("De nuestra corresponsal, 14 de marzo, 8:30.", "Usamos cookies. Aceptar todas o configurar."),
    "pt": ("Da nossa correspondente, 14 de março, 8h30.", "Usamos cookies. Aceitar todos ou configurar."),
}
ITSELF, NAMES, FRAME, TEASER = "itself", "names", "frame", "teaser"


@dataclass(frozen=True)
class Variant:
    """One text of a case."""

    language: str
    title: str
    content: str

    @property
    def n_words(self) -> int:
        """The words of its content."""
        return len(self.content.split())


def variants_of(case: Case) -> dict[str, Variant]:
    """Return the texts of a case by their names; raise ConfigError for an edit of what is not there."""
    itself = Variant(case.language, case.title, case.content)
    return {
        ITSELF: itself,
        **dict(_harmless(case, itself)),
        **{change.what: _changed(case, itself, change) for change in case.changes},
    }


def _harmless(case: Case, itself: Variant) -> Iterator[tuple[str, Variant]]:
    before, after = _FRAMES[case.language]
    yield FRAME, replace(itself, content=f"{before} {case.content}\n\n{after}")
    if case.names:
        yield NAMES, _replaced(case, itself, case.names)
    if case.teaser:
        yield TEASER, replace(itself, content=f"{' '.join(case.content.split()[: case.teaser])} ...")
    for each in case.translations:
        yield translation_name(each.language), Variant(each.language, each.title, each.content)


def translation_name(language: str) -> str:
    """Return the name of a translation among the variants."""
    return f"translation to {language}"


def _changed(case: Case, itself: Variant, change: Change) -> Variant:
    edited = _replaced(case, itself, change.replace)
    return replace(edited, content=f"{edited.content} {change.append}".strip())


def _replaced(case: Case, itself: Variant, edits: Mapping[str, str]) -> Variant:
    title, content = itself.title, itself.content
    for old, new in edits.items():
        if old not in title and old not in content:
            raise ConfigError(f"textbook case '{case.id}' has no text '{old}' to replace.  Give text that it has.")
        title, content = title.replace(old, new), content.replace(old, new)
    return replace(itself, title=title, content=content)
