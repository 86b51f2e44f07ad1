"""Replies that we invent, broken in the ways in which models break them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

DIMENSIONS = ("human_gain", "evidence_level", "change_durability")

# Evidence in several languages, some with what tempts a repair to do too much.
EVIDENCE = (
    "The clinic has treated 4,100 children since March, officials say",
    "See https://example.org/a?b=1&c=//d for the register",
    "Les habitants n'ont pas attendu l'État: « c'est à nous », dit-elle",
    "De gemeente 's-Gravenhage telde 12 daken; kosten: € 3,50 per m²",
    "Die Stadt zahlt 40 % /* so der Bericht */ der Kosten",
    "El río volvió a tener peces, según el informe [1] {anexo}",
    "Ο δήμος φύτεψε 300 δέντρα, λέει η έκθεση",  # noqa: RUF001  Greek
    "Wodę oczyszczono w 2024 r.; koszt: 1,2 mln zł",
    "市は五十台のバスを導入した。住民は「助かる」と話す",
    "أعلنت البلدية عن افتتاح العيادة",
    "Город открыл школу № 5, сообщает «Вестник»",
    "none in the article",
    "A path such as C:\\temp\\new or a tab\there stays",
    '"Quoted from the first word", and to the "last"',
    'Keys like "score": 3, or a fence ```json {"a": 1}``` inside',
    "🌳 trees for 🏫 schools",
)

Reply = dict[str, Any]
Breaker = Callable[[random.Random], "Case"]


class Case(NamedTuple):
    """A reply's text, and the object in it: None where there is none to be had."""

    text: str
    expected: Reply | None


def invented_reply(chance: random.Random, evidence: tuple[str, ...] = EVIDENCE) -> Reply:
    """Return a sound reply: three judgements and the kind of article."""
    judgements: Reply = {
        name: {"score": chance.randint(0, 20) / 2, "evidence": chance.choice(evidence)} for name in DIMENSIONS
    }
    return {**judgements, "content_type": chance.choice(["general", "doom_framed"])}


def plain_reply(chance: random.Random) -> Reply:
    """Return a reply without quotes or backslashes in its evidence."""
    return invented_reply(chance, tuple(text for text in EVIDENCE if not re.search(r"[\"'\\“”\t]", text)))


def written(reply: Reply, chance: random.Random) -> str:
    """Return a reply as JSON, in one of the ways in which it may be laid out."""
    return json.dumps(reply, indent=chance.choice([None, 2, 4]), ensure_ascii=chance.random() < 0.2)


def fenced(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    return Case(f"```{chance.choice(['json', 'JSON', ''])}\n{written(reply, chance)}\n```", reply)


def fence_never_closed(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    return Case(f"```json\n{written(reply, chance)}", reply)


def prose_around(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    before = chance.choice(["Here is my grading:\n\n", "Voici l'évaluation {JSON} : ", "Sure! I used {x} and x^{2}. "])
    return Case(f'{before}{written(reply, chance)}\n\nIt\'s "done" {{really}}. Score: 5', reply)


def trailing_commas(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    lines = json.dumps(reply, indent=2, ensure_ascii=False)
    return Case(re.sub(r"([^{,])\n( *)\}", r"\1,\n\2}", lines), reply)


def line_comments(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    lines = json.dumps(reply, indent=2, ensure_ascii=False).split("\n")
    return Case("\n".join(f"{line} // see {{above}}" if line.endswith("{") else line for line in lines), reply)


def block_comments(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    lines = json.dumps(reply, indent=2, ensure_ascii=False).split("\n")
    return Case("\n".join(f'{line} /* it\'s "so" */' if line.endswith(("{", ",")) else line for line in lines), reply)


def typographic_quotes(chance: random.Random) -> Case:
    reply = plain_reply(chance)
    opening, closing = chance.choice([("“", "”"), ("„", "“")])
    return Case(re.sub(r'"([^"]*)"', rf"{opening}\1{closing}", written(reply, chance)), reply)


def single_quotes(chance: random.Random) -> Case:
    reply = plain_reply(chance)
    return Case(re.sub(r'"([^"]*)"', r"'\1'", json.dumps(reply, ensure_ascii=False)), reply)


def pythons_own(chance: random.Random) -> Case:
    reply = {**invented_reply(chance), "flags": {"opinion": True, "paid": False, "author": None}}
    return Case(repr(reply), reply)


def one_in_a_list(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    return Case(f"[{written(reply, chance)}]", reply)


def byte_order_mark(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    return Case(f"\ufeff{written(reply, chance)}", reply)


def thinking_first(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    thought = 'Perhaps {"human_gain": {"score": 1}}? No, "more".'
    opening = chance.choice(["<think>", "<thinking>", "\n<think>"])
    closing = opening.strip().replace("<", "</")
    return Case(f"{opening}{thought}{closing}\n\n{written(reply, chance)}", reply)


def thinking_without_opening_tag(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    return Case(f'Maybe {{"human_gain": 2}}.\n</think>\n```json\n{written(reply, chance)}\n```', reply)


def forgotten_commas(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    lines = json.dumps(reply, indent=2, ensure_ascii=False)
    return Case(re.sub(r",\n", "\n", lines), reply)


def raw_control_characters(chance: random.Random) -> Case:
    reply = plain_reply(chance)
    reply["human_gain"]["evidence"] += "\n\nsecond\tline\r\n\x0bthird\x00"
    text = json.dumps(reply, ensure_ascii=False)
    for escape, raw in (("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r"), ("\\u000b", "\x0b"), ("\\u0000", "\x00")):
        text = text.replace(escape, raw)
    return Case(text, reply)


def two_objects(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    return Case(f'{written(reply, chance)}\n\n{{"note": "as asked"}}', reply)


def an_empty_object_first(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    return Case(f"Instead of {{}} I return {written(reply, chance)}", reply)


def a_string_of_json(chance: random.Random) -> Case:
    reply = invented_reply(chance)
    return Case(json.dumps(json.dumps(reply)), reply)


def _with_escape(bad: str, meant: str) -> Breaker:
    """Return what puts a piece of text behind the evidence, written as ``bad`` and meaning ``meant``."""

    def broken(chance: random.Random) -> Case:
        reply = invented_reply(chance)
        name = chance.choice(DIMENSIONS)
        reply[name]["evidence"] += " %%%"
        text = written(reply, chance).replace("%%%", f"{bad} and {bad}")
        reply[name]["evidence"] = reply[name]["evidence"].replace("%%%", f"{meant} and {meant}")
        return Case(text, reply)

    return broken


ESCAPES = {
    "apostrophe": _with_escape(r"l\'eau", "l'eau"),
    "latex_letter": _with_escape(r"$\alpha$", r"$\alpha$"),
    "latex_with_legal_pairs": _with_escape(r"\\alpha \omega", "\\alpha \\omega"),
    "norm": _with_escape(r"\|x\|", r"\|x\|"),
    "odd_run_of_backslashes": _with_escape(r"\\\deg", r"\\deg"),
    "unicode_too_short": _with_escape(r"\u12", r"\u12"),
    "unicode_of_no_digits": _with_escape(r"\uD8zz", r"\uD8zz"),
    "path": _with_escape(r"C:\Users\Ana", r"C:\Users\Ana"),
    "pair_of_surrogates": _with_escape(r"\ud83c\udf33 \%", "\U0001f333 \\%"),
    "dollar_and_underscore": _with_escape(r"\$5 a\_b \& \#", r"\$5 a\_b \& \#"),
}


def inner_quotes(chance: random.Random) -> Case:
    reply = plain_reply(chance)
    said = chance.choice(['He said "no", and "never again", twice', 'the "green" plan', '"yes" she said', 'a "b"'])
    reply["human_gain"]["evidence"] = "%%%"
    text = written(reply, chance).replace("%%%", said)
    reply["human_gain"]["evidence"] = said
    return Case(text, reply)


WHOLE: dict[str, Breaker] = {
    function.__name__: function
    for function in (
        fenced,
        fence_never_closed,
        prose_around,
        trailing_commas,
        line_comments,
        block_comments,
        typographic_quotes,
        single_quotes,
        pythons_own,
        one_in_a_list,
        byte_order_mark,
        thinking_first,
        thinking_without_opening_tag,
        forgotten_commas,
        raw_control_characters,
        two_objects,
        an_empty_object_first,
        a_string_of_json,
        inner_quotes,
    )
} | ESCAPES


def truncated(chance: random.Random) -> Case:
    """Cut a reply anywhere between its first brace and its last, some with invalid escapes, in a fence, after prose."""
    text = chance.choice([lambda own: Case(written(invented_reply(own), own), None), *ESCAPES.values()])(chance).text
    before = chance.choice(["", "```json\n", "Here it is:\n", "<think>short</think>"])
    return Case(before + text[: chance.randint(1, len(text) - 1)], None)


PROSE = (
    "I'm sorry, but I can't grade this article.",
    "Der Artikel enthält keinen Text, den ich bewerten könnte.",
    "The text {as given} holds x^{2} and a set {a, b}, but no article.",
    "L'article n'est pas \"lisible\": rien à noter.",
    "As an AI, I grade evidence_level: 5, human_gain: 3.",
    "無法評分。",
    "",
    "  \n",
    "```\nno object\n```",
    "[1] and [2] are footnotes",
    "null",
    "42",
)


def cases(per_kind: int) -> Iterator[tuple[str, Case]]:
    """Yield each kind of broken but whole reply so many times, each from another seed."""
    for kind, broken in WHOLE.items():
        for seed in range(per_kind):
            yield kind, broken(random.Random(f"{kind} {seed}"))
