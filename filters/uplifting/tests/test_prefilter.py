"""Check what the uplifting filter sets aside, what it must let through, and its prompt."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import distillery_filter_uplifting
from distillery.config import FilterConfig
from distillery.scoring.article import Article
from distillery.scoring.prefilter import PASSED, Prefilter, Verdict

FOLDER = Path(distillery_filter_uplifting.__file__).parent
REPOSITORY = next(path for path in Path(__file__).resolve().parents if (path / "distillery-core").is_dir())
EXAMPLES = REPOSITORY / "examples" / "articles.jsonl"

CONFIG = FilterConfig.load(FOLDER)
PREFILTER = Prefilter(CONFIG.prefilter)

FILLER = "The morning was grey and the bakery on the corner sold its last loaf at nine. " * 5


def verdict_on(text: str, url: str = "") -> Verdict:
    """Return the verdict on an article that opens with the text and is long enough to be read."""
    return PREFILTER.check(Article(title="A day in town", content=f"{text} {FILLER}", url=url))


@pytest.mark.parametrize(
    "text",
    [
        "She plays the violin in a violet dress, and her students follow a non-violent path.",
        "Der Auteur sprach über Violinen; l'auteur a joué du violon, du violoncelle et de l'alto.",
        "Mordecai, a man of mordant wit, mordantly described the moors.",
        "A laboratory reported progress in nuclear fusion after better data acquisition at the reactor.",
        "The merging of two data acquisition systems took the engineers a week.",
        "Communities in the hills share their water tanks; the communities keep the tanks clean.",
        "Die Kommunitäten teilen Wasser, und de communiteiten delen hun voorraad.",
        "Editors reformat the page when a reader asks for larger letters.",
        "Killer whales returned to the bay; researchers suspect that cleaner water drew them.",
        "Fish stocks have recovered along the coast, and the town shares the catch.",
        "Es war ein guter Tag, es war warm, und der Gang zum Markt war kurz.",
        "De wethouder loopt door de gang; het project is door buren opgepakt.",
        "Le sac est léger et la bourse d'études est ouverte à tous.",
        "La Bolsa Familia llegó a más hogares y las acciones del municipio continúan.",
        "The drug killed nine in ten bacteria, and a suspected outbreak of measles was stopped.",
        "An officer revived a passenger in cardiac arrest; the charges for the ambulance were waived.",
        "The war against malaria is being won, say doctors, and the army of volunteers grows.",
    ],
)
def test_lets_lookalikes_through(text: str) -> None:
    assert verdict_on(text) == Verdict(passed=True, reason=PASSED)


BLOCKED = {
    "corporate_finance": [
        "The share price of the brewer fell after quarterly results that missed what analysts had hoped for.",
        "A start-up for parking software raised $25 million in a Series A that values it as a unicorn.",
        "The takeover needs the vote of shareholders, who were offered a dividend.",
        "Wall Street and the Nasdaq closed higher.",
        "De beursgang leverde beleggers weinig op, en de nettowinst daalde.",
        "Der Umsatz stieg im dritten Quartal, die Aktie legte zu.",
        "Le chiffre d'affaires progresse et les actionnaires touchent davantage.",
        "La empresa cotiza en bolsa y sus accionistas aprobaron la venta.",
    ],
    "military_security": [
        "Troops crossed the river under artillery fire.",
        "The defence ministry ordered more missiles.",
        "Two fighter jets left the aircraft carrier at dawn.",
        "Het leger verplaatste raketten naar de grens.",
        "Die Bundeswehr schickt Truppen an die Grenze.",
        "Les soldats de l'OTAN ont pris position.",
        "El ejército envió tropas al norte.",
    ],
    "crime_violence": [
        "A gunman was arrested near the station.",
        "Police say the suspect fled on foot.",
        "He was sentenced to nine years in prison for manslaughter.",
        "De politie heeft een verdachte aangehouden na een steekpartij.",
        "Die Polizei hat den Mann festgenommen, die Staatsanwaltschaft schweigt.",
        "Un homme a été placé en garde à vue après un meurtre.",
        "La policía busca al autor del tiroteo.",
    ],
    "pure_speculation": [
        "The device could transform farming, has the potential to feed cities and may one day cost nothing.",
        "A breakthrough, its makers say: it promises to end traffic and is poised to change towns.",
        "Das Verfahren könnte ein Durchbruch sein und die Zukunft der Stadt bestimmen.",
    ],
}


@pytest.mark.parametrize(
    ("category", "text"), [(category, text) for category, texts in BLOCKED.items() for text in texts]
)
def test_blocks_a_topic_and_names_it(category: str, text: str) -> None:
    assert verdict_on(text) == Verdict(passed=False, reason=category)


EXCEPTIONS = {
    "corporate_finance": [
        "The firm is a workers' co-op.",
        "Its software is open source.",
        "De stichting deelt alles.",
    ],
    "military_security": [
        "Both sides kept the cease-fire.",
        "Peace talks ended with a handshake.",
        "Die Waffenruhe hält.",
        "Le cessez-le-feu tient.",
    ],
    "crime_violence": [
        "A rehabilitation scheme halved the number of relapses.",
        "Parliament passed the reform.",
        "Divers came to the rescue.",
        "De gegijzelden zijn vrijgelaten.",
        "La réinsertion réussit.",
    ],
    "pure_speculation": [
        "In the pilot it cut water use, a study found.",
        "Harvests fell by a fifth without it.",
    ],
}


@pytest.mark.parametrize(
    ("category", "exception"), [(category, text) for category, texts in EXCEPTIONS.items() for text in texts]
)
def test_an_exception_lifts_the_block(category: str, exception: str) -> None:
    assert verdict_on(BLOCKED[category][0]).reason == category
    assert verdict_on(f"{BLOCKED[category][0]} {exception}").passed


@pytest.mark.parametrize(
    "mention", ["A soldier's widow reads.", "The police closed a road.", "Analysts were surprised."]
)
def test_one_passing_mention_does_not_block(mention: str) -> None:
    assert verdict_on(mention).passed


@pytest.mark.parametrize(
    ("url", "group"),
    [
        ("https://techcrunch.com/2025/01/a-round", "vc_startup"),
        ("https://www.sifted.eu/articles/x", "vc_startup"),
        ("https://blog.ycombinator.com/x", "vc_startup"),
        ("https://www.defensenews.com/land/", "defense"),
        ("https://github.com/someone/something", "code"),
        ("https://gist.github.com/someone", "code"),
        ("https://medium.com/tag/programming/latest", "code"),
    ],
)
def test_blocks_a_domain_and_names_its_group(url: str, group: str) -> None:
    assert verdict_on("A quiet report.", url).reason == f"excluded_domain_{group}"


@pytest.mark.parametrize(
    "url",
    [
        "https://notgithub.com/someone",
        "https://mygithub.com.example.org/someone",
        "https://example.org/github.com/someone",
        "https://medium.com/@someone/a-story",
        "https://ycombinator.com/library",
        "",
    ],
)
def test_lets_similar_addresses_through(url: str) -> None:
    assert verdict_on("A quiet report.", url).passed


def test_reads_the_title_but_nothing_beyond_the_window() -> None:
    block = BLOCKED["military_security"][0]
    long_filler = FILLER * 6
    window = CONFIG.prefilter.window_chars

    assert window == 2000
    assert len(long_filler) > window
    assert PREFILTER.check(Article(title="Today", content=f"{long_filler} {block}")).passed
    assert PREFILTER.check(Article(title=block, content=long_filler)).reason == "military_security"


def test_an_exception_beyond_the_window_does_not_count() -> None:
    article = Article(title="Today", content=f"{BLOCKED['military_security'][0]} {FILLER * 6} The cease-fire holds.")
    assert PREFILTER.check(article).reason == "military_security"


@pytest.mark.parametrize(("length", "reason"), [(1, "content_too_short_1chars"), (299, "content_too_short_299chars")])
def test_names_the_length_of_a_text_that_is_too_short(length: int, reason: str) -> None:
    assert PREFILTER.check(Article(title="Short", content="x" * length)) == Verdict(passed=False, reason=reason)


def test_accepts_the_shortest_text() -> None:
    assert PREFILTER.check(Article(title="Short", content="x" * 300)).passed


def test_sorts_the_examples() -> None:
    blocked = {
        "kassandel-raises-forty-million": "corporate_finance",
        "third-brigade-moves-to-karsk": "military_security",
        "man-held-after-stabbing-at-night-market": "crime_violence",
        "could-moss-replace-the-battery": "pure_speculation",
    }
    articles = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    reasons = {article["id"]: PREFILTER.check(Article.from_dict(article)).reason for article in articles}

    assert len(articles) == 12
    assert reasons == {identifier: blocked.get(identifier, PASSED) for identifier in reasons}
    assert blocked.keys() <= reasons.keys()


def test_blocks_hardly_any_medium_article(labelled: list[tuple[Verdict, float]]) -> None:
    medium = [verdict for verdict, average in labelled if average >= 4.0]
    blocked = [verdict for verdict in medium if not verdict.passed]
    assert len(medium) > 100
    assert len(blocked) / len(medium) < 0.02, Counter(verdict.reason for verdict in blocked)


def test_blocks_enough_to_be_worth_it_and_only_what_scores_low(labelled: list[tuple[Verdict, float]]) -> None:
    blocked = [average for verdict, average in labelled if not verdict.passed]
    assert len(blocked) / len(labelled) > 0.08
    assert np.mean(blocked) < 0.6 * np.mean([average for _, average in labelled])
