"""Check what the sustainability-technology filter sets aside, what it must let through, and its prompt."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import distillery_filter_sustainability_technology
from distillery.config import FilterConfig
from distillery.golden import read_golden
from distillery.scoring.article import Article
from distillery.scoring.prefilter import PASSED, Prefilter, Verdict

FOLDER = Path(distillery_filter_sustainability_technology.__file__).parent

CONFIG = FilterConfig.load(FOLDER)
PREFILTER = Prefilter(CONFIG.prefilter)

FILLER = "The morning was grey and the bakery on the corner sold its last loaf at nine. " * 5


def verdict_on(text: str, title: str = "A day in town", url: str = "") -> Verdict:
    """Return the verdict on an article that opens with the text and is long enough to be read."""
    return PREFILTER.check(Article(title=title, content=f"{text} {FILLER}", url=url))


@pytest.mark.parametrize(
    "text",
    [
        "A filmy bandage was a novelty to the princely guest.",
        "The seasoned guests and their colleagues underscored it.",
        "Barmy signatories met for tea.",
        "The rapid reactions of a digital clock.",
        "A curiosity cooled in the kiosk.",
        "Skilful hands packed grapes; perjury was far away.",
        "The ideals of an Amazonian people.",
        "Mordecai, mordant as ever, filmed the reception in Roman dress.",
        "Validating a modal verb takes a week.",
        "Der Filmriss war kurz, und die Kinokarte liegt bereit.",
        "De modale lezer houdt van updating.",
        "La médecine et la bandelette sont anciennes.",
        "La cocinera llevó una bandeja.",
    ],
)
def test_lets_lookalikes_through(text: str) -> None:
    assert verdict_on(text) == Verdict(passed=True, reason=PASSED)


@pytest.mark.parametrize(
    "text",
    [
        "In Lindau heizt ein Dorf mit Abwärme, und die Kosten sinken.",
        "Het dorp bouwt een nieuwe installatie, die minder verbruikt dan de oude.",
        "Un village remplace sa vieille chaudière par une machine plus sobre.",
        "Un pueblo cambia su vieja caldera por una máquina más sobria.",
        "Město vyměnilo starý stroj za nový.",
        "An unheard-of machine makes the old one superfluous.",
    ],
)
def test_asks_for_no_keyword(text: str) -> None:
    assert verdict_on(text).passed


BLOCKED = {
    "excluded_ai_ml_infrastructure": [
        "The large language model was fine-tuned on chats.",
        "OpenAI released a chatbot that answers faster.",
        "Das Sprachmodell schreibt Reime, künstliche Intelligenz liest sie vor.",
        "Het taalmodel is kunstmatige intelligentie met manieren.",
    ],
    "excluded_consumer_electronics": [
        "The smartphone has an OLED screen.",
        "A graphics card for gamers costs as much as a car.",
        "Der Kopfhörer passt zum Handy, und Handys passen zu Kopfhörern.",
        "Le casque audio et les jeux vidéo sont dans la boîte.",
        "Los videojuegos y los auriculares se venden bien.",
    ],
    "excluded_product_deals": [
        "Black Friday comes early: save $40 with the coupon.",
        "The lamp is 30% off, its lowest price this year.",
        "Met de kortingscode krijg je korting op alles.",
        "Mit Gutschein und Rabatt ein Schnäppchen.",
        "Un code promo et des soldes, que demander de plus?",
        "Cupones y descuentos para todos.",
        "Cupom com desconto e frete grátis.",
    ],
    "excluded_trade_shows": ["We went hands-on with it at CES.", "A keynote opened the Mobile World Congress."],
    "excluded_home_appliances": [
        "The air fryer stands beside the toaster.",
        "De airfryer en de waterkoker zijn nieuw.",
        "Die Kaffeemaschine und der Staubsauger im Vergleich.",
        "La cafetera y la batidora caben en la cocina.",
    ],
    "excluded_programming": [
        "The REST API is written in TypeScript.",
        "Docker images and pull requests, explained.",
        "Der Programmierer mag seine Programmiersprache.",
    ],
    "excluded_military": [
        "A warship and two missiles were shown.",
        "De troepen kregen nieuwe wapens.",
        "Truppen und Waffen wurden verlegt.",
        "Les soldats de l'OTAN ont pris position.",
        "El ejército movió sus tropas.",
    ],
    "excluded_travel": [
        "Flight deals and hotels for a city break.",
        "Urlauber und Reisende warten.",
        "Les touristes passent leurs vacances au bord du lac.",
        "Los turistas pasan sus vacaciones aquí.",
    ],
    "excluded_crypto": ["Bitcoin fell, and so did Ethereum.", "Der Bitcoin und die Blockchain."],
    "excluded_health": [
        "The surgeon saw the patient in a clinic.",
        "Een ziekenhuis, twee artsen en een zeldzame ziekte.",
        "Im Krankenhaus streiten Ärzte über eine Krankheit.",
        "Los médicos y sus pacientes hablan de la enfermedad.",
    ],
    "excluded_entertainment": [
        "The singer has a new album.",
        "De acteur speelt in een voorstelling.",
        "Der Schauspieler gab ein Konzert.",
        "La chanteuse fait du cinéma.",
        "La cantante y la actriz hicieron una película.",
    ],
    "excluded_sports": [
        "The goalkeeper saved the championship.",
        "Het voetbal in de Eredivisie begint.",
        "Die Mannschaft steigt in die Bundesliga auf.",
        "L'entraîneur compte sur ses joueurs.",
        "El jugador ganó el campeonato de fútbol.",
    ],
    "excluded_crime": [
        "Police arrested a man.",
        "De politie heeft een verdachte aangehouden.",
        "Die Polizei hat den Mann festgenommen.",
        "La policía busca al asesinato y hay un detenido.",
    ],
    "excluded_politics": [
        "The senator lost the election after a long campaign.",
        "De verkiezingen, het kabinet en de Tweede Kamer.",
        "Die Wahl des Kanzlers im Bundestag.",
        "El gobierno y el presidente hablan de elecciones.",
    ],
    "excluded_lifestyle": [
        "A recipe from the chef.",
        "Een recept voor de bruiloft.",
        "Ein Rezept für die Hochzeit.",
        "Une recette pour le mariage.",
        "Una receta para la boda.",
    ],
}


@pytest.mark.parametrize(
    ("category", "text"), [(category, text) for category, texts in BLOCKED.items() for text in texts]
)
def test_blocks_a_topic_and_names_it(category: str, text: str) -> None:
    assert verdict_on(text) == Verdict(passed=False, reason=category)


def test_every_category_has_an_example() -> None:
    assert BLOCKED.keys() == {category.name for category in CONFIG.prefilter.categories}


@pytest.mark.parametrize("category", BLOCKED)
@pytest.mark.parametrize(
    "exception",
    [
        "It runs on renewable power.",
        "An electric vehicle drew a crowd.",
        "It cut CO2 by half.",
        "De uitstoot daalde.",
        "Das ist gut fürs Klima.",
        "Elle réduit les déchets.",
        "Usa energía eólica.",
        "A reciclagem cresce.",
    ],
)
def test_a_word_of_sustainability_lifts_every_block(category: str, exception: str) -> None:
    assert verdict_on(f"{BLOCKED[category][0]} {exception}").passed


@pytest.mark.parametrize(
    "lookalike",
    [
        "Its accuracy is doubtful.",
        "It was a climax.",
        "Every seven evenings.",
        "Made of charcoal and elevated silk.",
        "Professor Steele and Mrs Wasteney.",
        "The copper scope hangs on a coil.",
        "She gasped at the window.",
    ],
)
def test_a_lookalike_lifts_no_block(lookalike: str) -> None:
    assert verdict_on(f"{BLOCKED['excluded_consumer_electronics'][0]} {lookalike}").reason == (
        "excluded_consumer_electronics"
    )


@pytest.mark.parametrize("mention", ["The police closed a road.", "A smartphone shows the meter.", "A senator spoke."])
def test_one_passing_mention_does_not_block(mention: str) -> None:
    assert verdict_on(mention).passed


def test_reads_the_title_but_nothing_beyond_the_window() -> None:
    text = BLOCKED["excluded_crime"][0]
    assert verdict_on("All is well.", title=text).reason == "excluded_crime"
    assert verdict_on(f"{FILLER * 6} {text}").passed


def test_accepts_a_text_of_any_length() -> None:
    assert PREFILTER.check(Article(title="Short", content="A new pump.")).passed


def test_sorts_the_golden_articles() -> None:
    articles = [record["article"] for record in read_golden(FOLDER)]
    reasons = {article["id"]: PREFILTER.check(Article.from_dict(article)).reason for article in articles}
    blocked = {
        "brill-nine-folds-twice": "excluded_consumer_electronics",
        "new-model-writes-minutes": "excluded_ai_ml_infrastructure",
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
    assert len([verdict for verdict in low if not verdict.passed]) / len(low) > 0.25
