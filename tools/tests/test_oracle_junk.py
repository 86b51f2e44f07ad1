# ruff: noqa: RUF001  Greek and Chinese are meant

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest

from distillery.toolkit import Phrase, words_of
from distillery_tools.oracle import junk_reason
from distillery_tools.oracle.prompt.junk_phrases import STRONG, WEAK

SHARED = Path(__file__).parents[3] / "shared" / "data"

PAGES = {
    "en robot": ("bot_check", "Just a moment...", "Verify you are human by completing the action below."),
    "en javascript": ("javascript_required", "app", "You need to enable JavaScript to run this app."),
    "en google": ("consent_wall", "YouTube", "Before you continue to YouTube: we use data to deliver services."),
    "en cookies": ("cookie_notice", "The Paper", "We value your privacy. We and our partners store data. Accept all?"),
    "en paywall": ("paywall", "The plan", "Already a subscriber? Log in. Subscribe to continue and support our work."),
    "en 404": ("not_found", "Page not found", "The page you are looking for has moved. Try the search instead."),
    "en denied": ("access_denied", "Access Denied", "You don't have permission to access this server. Reference #18."),
    "en server": ("server_error", "Oops", "Something went wrong on our side. Please try again later, or call us."),
    "de robot": ("bot_check", "Kurz warten", "Bestätigen Sie, dass Sie kein Roboter sind, um fortzufahren."),
    "de javascript": ("javascript_required", "Zeitung", "Bitte aktivieren Sie JavaScript in Ihrem Browser."),
    "de google": ("consent_wall", "Google", "Bevor Sie zu Google weitergehen: Wir verwenden Daten."),
    "de cookies": (
        "cookie_notice",
        "Blatt",
        "Wir und unsere Partner verarbeiten Daten. Alle akzeptieren oder nur nötige",
    ),
    "de 404": ("not_found", "Fehler 404", "Die gesuchte Seite ist umgezogen oder wurde gelöscht, bitte suchen Sie."),
    "fr robot": ("bot_check", "Un instant", "Confirmez que vous n'êtes pas un robot pour poursuivre."),
    "fr google": ("consent_wall", "Google", "Avant d'accéder à Google, choisissez vos réglages."),
    "fr cookies": (
        "cookie_notice",
        "Le Journal",
        "Nous et nos partenaires stockons des données. Continuer sans accepter.",
    ),
    "fr paywall": ("paywall", "Le projet", "Article réservé aux abonnés. Déjà abonné ? Connectez-vous sans attendre."),
    "fr denied": (
        "access_denied",
        "Accès refusé",
        "Vous n'avez pas l'autorisation de consulter cette adresse, désolé.",
    ),
    "es javascript": ("javascript_required", "Diario", "Por favor, habilite JavaScript para ver el contenido."),
    "es google": ("consent_wall", "Google", "Antes de ir a Google, revisa tus opciones."),
    "es cookies": (
        "cookie_notice",
        "Diario",
        "Utilizamos cookies propias. Política de cookies y más opciones aquí abajo.",
    ),
    "es 404": (
        "not_found",
        "Página no encontrada",
        "La página que buscas no está; vuelve a la portada o busca otra cosa.",
    ),
    "it robot": ("bot_check", "Attendi", "Conferma di non essere un robot per continuare la lettura."),
    "it cookies": (
        "cookie_notice",
        "Giornale",
        "Noi e i nostri partner archiviamo dati. Accetta tutti oppure scegli tu.",
    ),
    "it 404": (
        "not_found",
        "Pagina non trovata",
        "La pagina che stai cercando è stata spostata, torna alla prima pagina.",
    ),
    "nl javascript": ("javascript_required", "Krant", "Schakel JavaScript in om deze site te bekijken."),
    "nl google": ("consent_wall", "Google", "Voordat je verdergaat naar Google: wij gebruiken gegevens."),
    "nl cookies": (
        "cookie_notice",
        "Krant",
        "Wij en onze partners gebruiken cookies voor een betere site. Meer weten?",
    ),
    "nl paywall": ("paywall", "Het plan", "Dit artikel is alleen voor abonnees. Word abonnee en lees alles, nu ook"),
    "pt cookies": ("cookie_notice", "Jornal", "Nós e os nossos parceiros guardamos dados. Aceitar todos ou escolher."),
    "pt 404": ("not_found", "Erro 404", "Página não encontrada, a morada mudou ou foi apagada, tente outra vez."),
    "pl robot": ("bot_check", "Chwila", "Potwierdź, że nie jesteś robotem, aby przejść dalej."),
    "pl cookies": (
        "cookie_notice",
        "Gazeta",
        "Używamy plików cookies. Zaakceptuj wszystkie lub zmień ustawienia tutaj.",
    ),
    "el robot": ("bot_check", "Μια στιγμή", "Επιβεβαιώστε ότι δεν είστε ρομπότ για να συνεχίσετε."),
    "el 404": ("not_found", "Σφάλμα 404", "Η σελίδα που ζητήσατε έχει μετακινηθεί, δοκιμάστε την αναζήτηση τώρα."),
}

ARTICLES = {
    "cookie law": "The court ruled that a site that says 'we use cookies' must ask first. The fine was 40,000 euros.",
    "a hacked shop": "Customers met an internal server error all Sunday while thieves copied the records.",
    "press freedom": "Reporters were told 'access denied' at the gate and left. The ministry gave no reason for it.",
    "robots": "The factory asks its staff: are you a robot? The union says no, in a long letter.",
    "three lines in Chinese": "市政府昨天宣布新的公共交通计划，未来三年将新增五十辆电动公交车。",
    "a paper for subscribers": "From May the paper goes to subscribers only, its editor said. Adverts fell by half.",
}


@pytest.mark.parametrize("name", PAGES)
def test_pages_that_are_no_articles_are_told_by_kind(name: str) -> None:
    kind, title, text = PAGES[name]

    assert junk_reason(title, text) == kind
    assert junk_reason(title.upper(), f"<div><p>{text}</p></div>") == kind


@pytest.mark.parametrize("name", ARTICLES)
def test_short_articles_that_speak_of_such_things_stay(name: str) -> None:
    assert junk_reason(name, ARTICLES[name]) is None


@pytest.mark.parametrize("text", ["", "  \n ", "<p></p>", "Read more", "x" * 24])
def test_next_to_nothing_is_empty(text: str) -> None:
    assert junk_reason("A title of a good length, which does not count", text) == "empty"


def test_a_stub_needs_one_weak_phrase_and_a_longer_text_two() -> None:
    assert junk_reason("News", "Sorry: page not found on this server") == "not_found"
    assert junk_reason("News", "Sorry: page not found on this server, dear reader") is None
    assert junk_reason("News", "Sorry: page not found on this server, dear reader. Error 404") == "not_found"


def test_a_long_body_is_never_junk() -> None:
    page = "Verify you are human. Page not found. Access denied. We use cookies. "

    assert junk_reason("404 Not Found", page + "word " * 80) == "bot_check"
    assert junk_reason("404 Not Found", page + "word " * 120) is None


def test_no_weak_phrase_counts_twice() -> None:
    phrases = [phrase for phrases in WEAK.values() for phrase in phrases]

    inside = [
        (inner, outer)
        for inner, outer in permutations(phrases, 2)
        if Phrase(inner).found_in(words_of(outer.replace("*", "")))
    ]

    assert inside == []


def test_every_phrase_is_one() -> None:
    for kinds in (STRONG, WEAK):
        for phrases in kinds.values():
            assert all(Phrase(phrase).found_in(words_of(phrase.replace("*", "s"))) for phrase in phrases)


def test_no_real_article_is_junk() -> None:
    """Nor is its beginning alone, as teasers are."""
    path = SHARED / "articles.jsonl"
    if not path.exists():
        pytest.skip("the real articles of shared/data are not here")
    articles = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[::9]]
    teasers = [(article["title"], " ".join(article["content"].split()[:100])) for article in articles]

    assert [title for title, text in teasers if junk_reason(title, text)] == []
    assert [article["id"] for article in articles if junk_reason(article["title"], article["content"])] == []
