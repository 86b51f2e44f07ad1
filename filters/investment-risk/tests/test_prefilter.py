"""Check what the investment-risk filter sets aside, what it must let through, and its prompt."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import distillery_filter_investment_risk
from distillery.config import FilterConfig
from distillery.golden import read_golden
from distillery.scoring.article import Article
from distillery.scoring.prefilter import PASSED, Prefilter, Verdict

FOLDER = Path(distillery_filter_investment_risk.__file__).parent

CONFIG = FilterConfig.load(FOLDER)
PREFILTER = Prefilter(CONFIG.prefilter)

FILLER = "The morning was grey and the bakery on the corner sold its last loaf at nine. " * 5


def verdict_on(text: str, title: str = "A day in town", url: str = "") -> Verdict:
    """Return the verdict on an article that opens with the text and is long enough to be read."""
    return PREFILTER.check(Article(title=title, content=f"{text} {FILLER}", url=url))


@pytest.mark.parametrize(
    "text",
    [
        "A filmy curtain was a novelty in the house.",
        "The seasoned guests and their colleagues underscored it.",
        "Rapid pythons slid through the grass.",
        "Skilled hands packed grapes; perjury was far away.",
        "Seven evenings of birdsong.",
        "Mordecai spoke with mordant wit of the grapes.",
        "Der Musikant besah die Filmrolle.",
        "La musiquette et la filmographie sont connues.",
        "La filmoteca musical está cerrada.",
    ],
)
def test_lets_lookalikes_through(text: str) -> None:
    assert verdict_on(text) == Verdict(passed=True, reason=PASSED)


@pytest.mark.parametrize(
    "text",
    [
        "Nobody in the valley speaks of anything else.",
        "Im Tal spricht niemand von etwas anderem.",
        "In het dal spreekt niemand over iets anders.",
        "Dans la vallée, on ne parle de rien d'autre.",
        "En el valle no se habla de otra cosa.",
        "V údolí nikdo nemluví o ničem jiném.",
    ],
)
def test_asks_for_no_keyword(text: str) -> None:
    assert verdict_on(text).passed


SALES_TALK = {
    "fomo_speculation": [
        "This meme coin goes to the moon.",
        "A penny stock with guaranteed returns, and you can get rich.",
        "Diamond hands wait for 100x.",
        "Gegarandeerd rendement met een geheime tip.",
        "Ein Geheimtipp, und alle werden schnell reich.",
        "Des gains garantis pour devenir riche.",
        "Ganancias garantizadas para hacerse rico.",
        "Lucro garantido para ficar rico.",
    ],
    "stock_picking": [
        "Five stocks to buy, each with a price target of $40.",
        "The chart pattern shows a resistance level.",
        "The brewer beat estimates, and brokers are bullish on beer.",
        "Een kooptip met een koersdoel van veertig.",
        "Das Kursziel steigt, die Kaufempfehlung bleibt.",
        "L'objectif de cours et un conseil d'achat.",
        "Acciones para comprar y su precio objetivo.",
    ],
    "affiliate_conflict": [
        "Use the promo code and join our Telegram channel.",
        "This post holds affiliate links, and we earn a commission.",
        "Een kortingscode en een gratis proefperiode.",
        "Mit Gutscheincode jetzt anmelden.",
        "Un code promo et un essai gratuit.",
        "Un código promocional y una prueba gratuita.",
    ],
    "clickbait": [
        "A crash is coming, and they don't want you to know.",
        "This one stock has a secret indicator.",
        "Der Crash kommt, und sie sagen nicht, was sie verschweigen.",
        "Le krach arrive, et voici ce qu'on vous cache.",
    ],
}
TOPICS = {
    "non_financial_technology": [
        "The smartphone runs on Android.",
        "A language model writes JavaScript.",
        "Das Sprachmodell und ein Videospiel.",
        "Los videojuegos y la inteligencia artificial.",
    ],
    "non_financial_science": [
        "The telescope saw two galaxies.",
        "Wetenschappers vonden eiwitten; de onderzoekers juichen.",
        "Forscher und Wissenschaftler staunen.",
    ],
    "non_financial_health": [
        "The surgeon saw the patient in a clinic.",
        "Een ziekenhuis, twee artsen en een zeldzame ziekte.",
        "Im Krankenhaus streiten Ärzte über eine Krankheit.",
    ],
    "non_financial_culture": [
        "The singer has a new album.",
        "De zanger en de acteur kwamen samen.",
        "Der Schauspieler gab ein Konzert.",
        "La chanteuse fait du cinéma.",
        "La cantante y la actriz hicieron una película.",
    ],
    "non_financial_sports": [
        "The goalkeeper saved the championship.",
        "Het voetbal in de Eredivisie begint.",
        "Die Mannschaft steigt in die Bundesliga auf.",
        "L'entraîneur compte sur ses joueurs.",
        "El jugador ganó el campeonato de fútbol.",
    ],
    "non_financial_crime": [
        "Police arrested a man.",
        "De politie heeft een verdachte aangehouden.",
        "Die Polizei hat den Mann festgenommen.",
        "La policía y el detenido.",
    ],
    "non_financial_environment": [
        "Birds returned to the wetlands.",
        "The electric car and the wind farm.",
        "De dieren en de zonnepanelen.",
        "Die Wärmepumpe und die Windkraft.",
        "Los paneles solares y las energías renovables.",
    ],
}
BLOCKED = SALES_TALK | TOPICS


@pytest.mark.parametrize(
    ("category", "text"), [(category, text) for category, texts in BLOCKED.items() for text in texts]
)
def test_blocks_a_topic_and_names_it(category: str, text: str) -> None:
    assert verdict_on(text) == Verdict(passed=False, reason=category)


def test_every_category_has_an_example() -> None:
    assert BLOCKED.keys() == {category.name for category in CONFIG.prefilter.categories}


@pytest.mark.parametrize("category", TOPICS)
@pytest.mark.parametrize(
    "exception",
    [
        "The central bank is watching.",
        "It deepens the recession.",
        "Investors lost half of their stake.",
        "De hypotheek wordt duurder.",
        "Die Wirtschaft leidet.",
        "La dette augmente.",
        "La inflación sube.",
        "A recessão chegou.",
    ],
)
def test_a_word_of_money_lifts_every_topic(category: str, exception: str) -> None:
    assert verdict_on(f"{TOPICS[category][0]} {exception}").passed


@pytest.mark.parametrize(
    "lookalike",
    [
        "They met on the market square.",
        "A rented hall.",
        "The hypothesis holds.",
        "Gold medals shone.",
        "The default setting stays.",
        "The Microsoft logo is blue.",
        "A coil broke in the foil.",
        "She gasped at the window.",
        "Eurovision and the prisoners of Zeno.",
        "Accredited guests only.",
    ],
)
def test_a_lookalike_lifts_no_topic(lookalike: str) -> None:
    assert verdict_on(f"{TOPICS['non_financial_sports'][0]} {lookalike}").reason == "non_financial_sports"


@pytest.mark.parametrize(
    "exception",
    [
        "Central banks raised interest rates.",
        "The yield curve has turned.",
        "Spread it over a portfolio.",
        "De inflatie stijgt.",
        "Die Zinsen steigen.",
        "La récession menace.",
        "Viene una recesión.",
    ],
)
def test_the_economy_lifts_share_tips_but_no_other_sales_talk(exception: str) -> None:
    for category, texts in SALES_TALK.items():
        verdict = verdict_on(f"{texts[0]} {exception}")
        assert verdict.reason == (PASSED if category == "stock_picking" else category)


@pytest.mark.parametrize("mention", ["The police closed a road.", "A meme coin fell.", "A film about trains."])
def test_one_passing_mention_does_not_block(mention: str) -> None:
    assert verdict_on(mention).passed


@pytest.mark.parametrize(
    ("url", "group"),
    [
        ("https://github.com/someone/something", "code"),
        ("https://dev.to/someone/a-post", "code"),
        ("https://www.phys.org/news/x", "science"),
        ("https://www.goodnewsnetwork.org/x", "good_news"),
        ("https://www.tomshardware.com/x", "gadgets"),
    ],
)
def test_blocks_a_domain_and_names_its_group(url: str, group: str) -> None:
    assert verdict_on("A quiet report.", url=url).reason == f"excluded_domain_{group}"


@pytest.mark.parametrize("url", ["https://notgithub.com/x", "https://example.org/phys.org/x", "https://ft.com/x", ""])
def test_lets_similar_addresses_through(url: str) -> None:
    assert verdict_on("A quiet report.", url=url).passed


def test_reads_the_title_but_nothing_beyond_the_window() -> None:
    text = TOPICS["non_financial_crime"][0]
    assert verdict_on("All is well.", title=text).reason == "non_financial_crime"
    assert verdict_on(f"{FILLER * 6} {text}").passed


@pytest.mark.parametrize(("length", "reason"), [(299, "content_too_short_299chars"), (300, PASSED)])
def test_names_the_length_of_a_text_that_is_too_short(length: int, reason: str) -> None:
    assert PREFILTER.check(Article(title="Short", content="x" * length)).reason == reason


def test_sorts_the_golden_articles() -> None:
    articles = [record["article"] for record in read_golden(FOLDER)]
    reasons = {article["id"]: PREFILTER.check(Article.from_dict(article)).reason for article in articles}
    blocked = {
        "zibbl-coin-to-the-moon": "fomo_speculation",
        "millbrook-rovers-win-the-cup": "non_financial_sports",
    }

    assert len(reasons) == len(articles) == 12
    assert {name: reason for name, reason in reasons.items() if reason != PASSED} == blocked


@pytest.mark.parametrize("floor", [3.0, 4.0])
def test_blocks_hardly_any_medium_article(labelled: list[tuple[Verdict, float]], floor: float) -> None:
    medium = [verdict for verdict, average in labelled if average >= floor]
    blocked = [verdict for verdict in medium if not verdict.passed]
    assert len(medium) > 100
    assert len(blocked) / len(medium) < 0.01, Counter(verdict.reason for verdict in blocked)


def test_blocks_enough_to_be_worth_it(labelled: list[tuple[Verdict, float]]) -> None:
    low = [verdict for verdict, average in labelled if average < 1.0]
    assert len([verdict for verdict in low if not verdict.passed]) / len(low) > 0.18
