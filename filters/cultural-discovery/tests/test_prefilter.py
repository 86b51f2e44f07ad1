"""Check what the cultural-discovery filter sets aside, what it must let through, and its prompt."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import distillery_filter_cultural_discovery
from distillery.config import FilterConfig
from distillery.scoring.article import Article
from distillery.scoring.prefilter import PASSED, Prefilter, Verdict

FOLDER = Path(distillery_filter_cultural_discovery.__file__).parent

CONFIG = FilterConfig.load(FOLDER)
PREFILTER = Prefilter(CONFIG.prefilter)

FILLER = "The morning was grey and the bakery on the corner sold its last loaf at nine. " * 5


def verdict_on(text: str, url: str = "") -> Verdict:
    """Return the verdict on an article that opens with the text and is long enough to be read."""
    return PREFILTER.check(Article(title="A day in town", content=f"{text} {FILLER}", url=url))


@pytest.mark.parametrize(
    "text",
    [
        "She woke at dawn and woke the others; a woken village boycotted nothing.",
        "The marble frieze was fetched from the quarry by its collectors, in a republican city of liberal masters.",
        "A library of $5 million opened; the gift of $ 2 million came later, and $1.5 million is still to be found.",
        "The tax collectors of the old empire were celebrated; one was worth a million sheep.",
        "Jäger und Sammler lebten hier; de jagers-verzamelaars volgden de rivier; amber was fetched from the coast.",
        "The cruise missile passed, the getaway car did not; Captain Cruise read a bill of 95 crowns.",
        "The spa town has a fountain, and a carpet of red leaves lay before its hotel.",
        "A woollen costume was worn in the right place; an offensive began, and the general apologised.",
        "De gendarme vertelde over de gender van zelfstandige naamwoorden en de kostuums van de opera.",
        "Die Empore der Kirche wurde im Gender-Institut besprochen, und die Reise führte ins Tal.",
        "Le titre de séjour des artistes fut perdu par des vacanciers, et le tollage cessa.",
        "O roteiro do filme é imperdível; a ficar em casa, o cruzado lia.",
        "El crucifijo de la escapatoria cuesta un millón; la subastadora calló.",
    ],
)
def test_lets_lookalikes_through(text: str) -> None:
    assert verdict_on(text) == Verdict(passed=True, reason=PASSED)


# The predecessor lifted its rules on French words that English has too, such as "don" (gift) and "legs" (bequest).
def test_english_words_lift_no_rule_as_french_ones() -> None:
    text = f"{BLOCKED['celebrity_art'][0]} Don stretched his legs; the sale had been a don's delight."
    assert verdict_on(text).reason == "celebrity_art"


BLOCKED = {
    "appropriation_debate": [
        "The singer was accused of cultural appropriation; an editor asked who gets to wear braids.",
        "My culture is not your party, wrote one; the shop called its feathers culturally insensitive itself.",
        "Was het culturele toe-eigening? Het liedje is kwetsend, vond een lezer.",
        "Der Vorwurf lautet kulturelle Aneignung: Federn seien kein Kostüm.",
        "On lui reproche une appropriation culturelle; une robe n'est pas un costume, dit-on.",
        "La acusan de apropiación cultural y de repetir estereotipos.",
        "A marca foi acusada de apropriação cultural e de estereótipos.",
    ],
    "political_conflict": [
        "The culture war over school songs went on, and the backlash grew.",
        "Republicans and Democrats quarrelled over the name of a street.",
        "Critics say the march was a show of the far right.",
        "De ophef over het lied is een nieuwe cultuuroorlog, klaagde men bij extreem-rechts.",
        "Der Kulturkampf um das Lied führte zu einem Shitstorm.",
        "La polémique enfle, et l'extrême droite s'en mêle.",
        "La guerra cultural por la canción causó indignación.",
        "A guerra cultural alimenta a extrema-direita.",
    ],
    "tourism_fluff": [
        "Ten hidden gems for your bucket list, with a view.",
        "Where to stay? The boutique hotel by the lake has rooms from 95 crowns per night.",
        "De mooiste plekken voor een weekendje weg.",
        "Geheimtipps für die Städtereise: drei Tage am Meer.",
        "Où dormir, où manger: nos bons plans.",
        "Qué ver en la costa y dónde dormir.",
        "O que fazer em Porto Velano e onde ficar.",
    ],
    "celebrity_art": [
        "The goose was sold for $90 million at auction, a record price.",
        "A billionaire gave the winning bid at Sotheby's, and celebrities clapped.",
        "Het doek werd geveild: de veiling bracht twaalf miljoen euro op, een recordbedrag.",
        "Das Auktionshaus hat das Bild versteigert, für vierzig Millionen Euro.",
        "Vendue aux enchères pour neuf millions d'euros, l'oie bat un prix record.",
        "La subasta terminó en doce millones de euros, un precio récord.",
        "O leilão rendeu nove milhões de reais, um preço recorde.",
    ],
}


@pytest.mark.parametrize(
    ("category", "text"), [(category, text) for category, texts in BLOCKED.items() for text in texts]
)
def test_blocks_a_topic_and_names_it(category: str, text: str) -> None:
    assert verdict_on(text) == Verdict(passed=False, reason=category)


EXCEPTIONS = {
    "appropriation_debate": [
        "Both houses call it a cultural exchange.",
        "The weavers were credited.",
        "An anthropologist told the origins of the pattern.",
        "De wevers gaven het met toestemming.",
        "Ein Historiker erzählt die Geschichte des Musters.",
        "Le motif fut donné avec l'accord des anciens.",
        "El intercambio fue mutuo.",
        "A história do padrão é longa.",
    ],
    "political_conflict": [
        "The two sides were reconciled.",
        "An archaeologist dated the square.",
        "The statue stands for slavery.",
        "De historicus zocht het erfgoed op.",
        "Das Denkmal bleibt.",
        "L'exposition est au musée.",
        "El diálogo continúa.",
        "O museu reabre.",
    ],
    "tourism_fluff": [
        "Unesco has put it on its list.",
        "Archaeologists unearthed a gate there.",
        "The keeper of the museum explains.",
        "De opgravingen gaan door.",
        "Die Ausgrabungen dauern an.",
        "Les fouilles continuent.",
        "Las excavaciones continúan.",
        "As escavações continuam.",
    ],
    "celebrity_art": [
        "It will be donated to the town.",
        "The figure had been looted and is returned to its village.",
        "It goes on public display.",
        "De herkomst wordt onderzocht; het is een schenking.",
        "Die Provenienz ist unklar.",
        "Un donateur l'a légué à la ville.",
        "Será donado a la ciudad.",
        "A obra será devolvida.",
    ],
}


@pytest.mark.parametrize(
    ("category", "exception"), [(category, text) for category, texts in EXCEPTIONS.items() for text in texts]
)
def test_an_exception_lifts_the_block(category: str, exception: str) -> None:
    assert verdict_on(BLOCKED[category][0]).reason == category
    assert verdict_on(f"{BLOCKED[category][0]} {exception}").passed


@pytest.mark.parametrize(
    "mention",
    [
        "An essay on cultural appropriation in opera.",
        "There was a backlash in the second act.",
        "The hotels were full of pilgrims.",
        "A breathtaking voice.",
        "The lost score turned up at an auction, where it fetched little.",
        "The roof will cost $5 million.",
    ],
)
def test_one_passing_mention_does_not_block(mention: str) -> None:
    assert verdict_on(mention).passed


@pytest.mark.parametrize(
    ("url", "group"),
    [
        ("https://techcrunch.com/2025/01/a-round", "vc_startup"),
        ("https://www.defensenews.com/land/", "defense"),
        ("https://gist.github.com/someone", "code"),
    ],
)
def test_blocks_a_domain_and_names_its_group(url: str, group: str) -> None:
    assert verdict_on("A quiet report.", url).reason == f"excluded_domain_{group}"


@pytest.mark.parametrize("url", ["https://notgithub.com/someone", "https://example.org/github.com/someone", ""])
def test_lets_similar_addresses_through(url: str) -> None:
    assert verdict_on("A quiet report.", url).passed


def test_reads_the_title_but_nothing_beyond_the_window() -> None:
    block = BLOCKED["tourism_fluff"][0]
    long_filler = FILLER * 6

    assert len(long_filler) > CONFIG.prefilter.window_chars == 2000
    assert PREFILTER.check(Article(title="Today", content=f"{long_filler} {block}")).passed
    assert PREFILTER.check(Article(title=block, content=long_filler)).reason == "tourism_fluff"


@pytest.mark.parametrize(("length", "reason"), [(299, "content_too_short_299chars"), (300, PASSED)])
def test_asks_for_three_hundred_characters(length: int, reason: str) -> None:
    assert PREFILTER.check(Article(title="Short", content="x" * length)).reason == reason


def test_sorts_the_golden_articles() -> None:
    blocked = {
        "ten-temples-before-you-die": "tourism_fluff",
        "golden-goose-sells-for-ninety-million": "celebrity_art",
        "minister-and-carnival-costume": "political_conflict",
    }
    records = map(json.loads, (FOLDER / "golden.jsonl").read_text(encoding="utf-8").splitlines())
    articles = [record["article"] for record in records]
    reasons = {article["id"]: PREFILTER.check(Article.from_dict(article)).reason for article in articles}

    assert len(articles) == len(reasons) == 12
    assert blocked.keys() <= reasons.keys()
    assert reasons == {identifier: blocked.get(identifier, PASSED) for identifier in reasons}


def test_blocks_hardly_any_medium_article(labelled: list[tuple[Verdict, float]]) -> None:
    medium = [verdict for verdict, average in labelled if average >= 4.0]
    blocked = [verdict for verdict in medium if not verdict.passed]
    assert len(medium) > 100
    assert len(blocked) / len(medium) < 0.02, Counter(verdict.reason for verdict in blocked)


# Most of this filter's noise is news on other subjects, which its four topics do not name.
def test_blocks_something_and_only_what_scores_low(labelled: list[tuple[Verdict, float]]) -> None:
    blocked = [average for verdict, average in labelled if not verdict.passed]
    assert len(blocked) / len(labelled) > 0.015
    assert np.mean(blocked) < 0.6 * np.mean([average for _, average in labelled])
