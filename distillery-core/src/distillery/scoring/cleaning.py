"""Cleaning: the text that a reader of a web page sees, from HTML, escaped HTML or plain text.

Every step takes time in proportion to the length of the text, whatever it holds.

Why: docs/decisions/html-cleaning.md
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache

# How often a text may have been escaped. Feeds have up to two layers.
_MOST_LAYERS = 4
# Marks on one letter; no script needs more, and to put them in order takes quadratic time.
_MOST_MARKS = 30

# What a tag leaves behind depends on how a browser shows its element: in a paragraph or on a line of its own,
# apart from the text around it, or as a part of a word.
_SEPARATORS = {
    name: separator
    for separator, names in {
        "\n\n": "address article aside blockquote body center details dialog dir div dl fieldset figcaption figure "
        "footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend listing main menu nav noframes ol p "
        "plaintext pre search section summary table tbody tfoot thead title ul xmp",
        "\n": "br caption dd dt li optgroup option tr",
        " ": "applet audio button canvas embed frame iframe img input meter object picture progress select td textarea "
        "th video",
        "": "a abbr acronym area b base basefont bdi bdo bgsound big blink cite code col colgroup data datalist del "
        "dfn em font i ins kbd label link map mark marquee math meta nobr noscript output param q rb rp rt rtc ruby s "
        "samp script slot small source span strike strong style sub sup svg template time track tt u var wbr",
    }.items()
    for name in names.split()
}
_SENTENCE_MARKS = frozenset(".,:;!?")
_WITHOUT_END = frozenset({"br", "hr", "img", "p", "wbr"})

# An attribute's value may hold ">" in quotes. A match never runs past the next "<", so that time stays linear.
_TAG = re.compile(
    r"""<(?P<mark>[/!?]?)(?P<name>[a-zA-Z][^\s<>/]*)(?P<rest>(?:[^<>=]++|=\s*+(?:"[^"<]*"|'[^'<]*')|=)*+)>"""
)
_ELEMENT_NAME = re.compile(r"[a-zA-Z][\w.-]*(?::[\w.-]+)?", re.ASCII)
_END_TAG = re.compile(r"</([a-zA-Z][^\s<>/]*)")
# An HTML parser turns a CDATA section into a comment.
_CDATA_MARK = re.compile(r"<!(?:--)?\[CDATA\[|\]\](?:--)?>")
_CONDITION = re.compile(r"<!\[(?:if|endif)[^<>\]]*\](?:--)?>", re.IGNORECASE)
# ASCII: without it, the long s and the dotless i are an s and an i.
_HIDDEN = re.compile(r"<(?:(script|style)\b|!--)", re.IGNORECASE | re.ASCII)
_END_OF_HIDDEN = {
    "script": re.compile(r"(?=</script)", re.IGNORECASE | re.ASCII),
    "style": re.compile(r"(?=</style)", re.IGNORECASE | re.ASCII),
    "!--": re.compile("--!?>"),
}
_COMMENT = re.compile("<!--[^<>]*-->")

# Python refuses to read longer decimal numbers; no character has more than seven digits.
_ENDLESS_REFERENCE = re.compile(r"&#[0-9]{8,};?")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")

# Controls, lone surrogates, noncharacters, the object replacement character, the marks of interlinear annotation,
# and what Unicode calls default-ignorable; the last part shows something in some places, see `_needed`.
_NEVER_SHOWN = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u17b4\u17b5\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
)
_NEVER_SHOWN_ASTRAL = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e0fff"
_SOMETIMES_SHOWN = "\u115f\u1160\u180b-\u180f\u200c\u200d\ufe0e\ufe0f"
_TAG_CHARACTERS = "\U000e0020-\U000e007f"
_LINE_ENDS = "\r\x0b\x0c\x85\u2028\u2029"
_WIDE_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000"

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
# Two classes: one that reaches beyond U+FFFF takes sixty times as long.
_NEVER = re.compile(f"[{_NEVER_SHOWN}]+|[{_NEVER_SHOWN_ASTRAL}]+")
_SOMETIMES = re.compile(f"[{_SOMETIMES_SHOWN}{_TAG_CHARACTERS}]")
_LINE_END = re.compile(f"\r\n|[{_LINE_ENDS}]")
_WIDE_SPACE = re.compile(f"[{_WIDE_SPACES}]")
_SPACES = re.compile("[ \t]{2,}|\t")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")

# Scripts whose letters change their shape beside a joiner or a non-joiner: Arabic to N'Ko, Indic, Burmese, Khmer, ...
_JOINING = (
    "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\u1a20-\u1cff\ua800-\uaaff\uabc0-\uabff\ufb50-\ufdff"
    "\ufe70-\ufefc\U00010a00-\U00010aff\U00010d00-\U00011fff\U0001e900-\U0001e95f"
)
_EMOJI = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u27ff\u2900-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_FLAG = "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"


def clean(text: str) -> str:
    """Return the text without markup, entities and characters that nobody sees, space collapsed.

    Block tags become line breaks and other tags leave nothing: ``<b>H</b>ello`` is one word. A text whose markup
    is all escaped (``&lt;p&gt;``) is unescaped first; ``a &lt; b`` keeps its meaning.
    """
    if "<" in text or "&" in text or "]]>" in text:
        text = _without_markup(text)
    unusual = _CONTROL if text.isascii() else _rare()
    if unusual.search(text):
        text = _WIDE_SPACE.sub(" ", _LINE_END.sub("\n", text))
        text = _without_excess_marks(without_invisible_characters(text))
    text = unicodedata.normalize("NFC", text)
    if "  " in text or "\t" in text:
        text = _SPACES.sub(" ", text)
    return _BLANK_LINES.sub("\n\n", text).strip()


def without_invisible_characters(text: str) -> str:
    """Return the text without the characters that show nothing, apart from those that its script needs.

    Joiners stay in Arabic and Indic scripts and in emoji, variation selectors in emoji and Mongolian, fillers
    beside Hangul letters, and tag characters in flags.
    """
    text = _NEVER.sub("", text)
    return _needed().sub(r"\1", text) if _SOMETIMES.search(text) else text


def clean_url(url: str) -> str:
    """Return an address without characters that nobody sees, CDATA marks and space around it."""
    return without_invisible_characters(_without_cdata_marks(url)).strip()


@cache
def _rare() -> re.Pattern[str]:
    """Return an expression for what few texts hold: a text without it is only normalised."""
    marks = re.sub("[^\0-\uffff]", "", _combining_marks())
    return re.compile(f"[{_NEVER_SHOWN}{_SOMETIMES_SHOWN}{_LINE_ENDS}{_WIDE_SPACES}{marks}]|[\U00010000-\U0010ffff]")


@cache
def _needed() -> re.Pattern[str]:
    """Return an expression whose first group is a character to keep, empty where it shows nothing."""
    shown = (
        _FLAG,
        f"(?<=[{_JOINING}])\u200c(?=\u200c*[{_JOINING}])",
        f"(?<=[{_JOINING}])\u200d",
        f"\u200d(?=[{_JOINING}])",
        f"(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])",
        f"(?<=[{_EMOJI}])[\ufe0e\ufe0f]",
        "(?<=[0-9#*])\ufe0f(?=\u20e3)",
        "(?<=[\u1820-\u18aa])[\u180b-\u180f]",
        "(?<=[\u1100-\u115f\ua960-\ua97c])\u1160",
        "\u115f(?=[\u1160-\u11a7\ud7b0-\ud7c6])",
    )
    return re.compile(f"({'|'.join(shown)})|{_SOMETIMES.pattern}")


def _without_excess_marks(text: str) -> str:
    # Counting is ten times faster than the expression, and few texts have so many.
    if sum(map(bool, map(unicodedata.combining, text))) <= _MOST_MARKS:
        return text
    return _excess_marks().sub(r"\1", text)


@cache
def _excess_marks() -> re.Pattern[str]:
    marks = _combining_marks()
    return re.compile(f"([{marks}]{{{_MOST_MARKS}}})[{marks}]+")


@cache
def _combining_marks() -> str:
    return "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.combining(chr(code)))


def _without_markup(text: str) -> str:
    """Return the text without tags, comments, scripts and styles, entities decoded."""
    for layer in range(_MOST_LAYERS):
        text = _without_cdata_marks(text)
        if "<" in text and (_is_surely_markup(text) if layer else _has_markup(text)):
            return _decoded(_without_tags(text))
        if "&" not in text or (layer and not _REFERENCE.search(text)):
            break
        text = _decoded(text)
    return text


def _without_cdata_marks(text: str) -> str:
    if "[CDATA[" in text:
        return _CDATA_MARK.sub("", text)
    return text.rstrip().removesuffix("]]>")


def _decoded(text: str) -> str:
    return html.unescape(_ENDLESS_REFERENCE.sub("", text))


def _has_markup(text: str) -> bool:
    """Say whether a text as it came holds anything that `_without_tags` removes."""
    if _HIDDEN.search(text) or _CONDITION.search(text):
        return True
    ended = _ended_elements(text)
    return any(_separator(tag, ended) is not None for tag in _TAG.finditer(text))


def _is_surely_markup(text: str) -> bool:
    """Say whether a text that was escaped is HTML, not a text that mentions a tag such as ``<b>``.

    It is if it has a comment, an element with its end tag, an attribute, or a line break right beside a word or line.
    """
    if _COMMENT.search(text):
        return True
    started: set[str] = set()
    for tag in _TAG.finditer(text):
        name = tag["name"].lower()
        if tag["mark"] in ("!", "?") or name not in _SEPARATORS:
            continue
        if _has_attribute(tag) or (name in _WITHOUT_END and _is_beside_text(tag)):
            return True
        if not tag["mark"]:
            started.add(name)
        elif name in started:
            return True
    return False


def _is_beside_text(tag: re.Match[str]) -> bool:
    before = tag.string[max(tag.start() - 1, 0) : tag.start()]
    after = tag.string[tag.end() : tag.end() + 1]
    return after.isalnum() or before.isalnum() or before in _SENTENCE_MARKS or "\n" in (before, after)


def _has_attribute(tag: re.Match[str]) -> bool:
    return tag["rest"][:1].isspace() and "=" in tag["rest"]


def _without_tags(text: str) -> str:
    text = _CONDITION.sub("", _without_hidden_elements(text))
    ended = _ended_elements(text)

    def replacement(tag: re.Match[str]) -> str:
        separator = _separator(tag, ended)
        return tag[0] if separator is None else separator

    text = _TAG.sub(replacement, text)
    # Once more for tags that had tags in an attribute's value.
    return _TAG.sub(replacement, text) if "<" in text else text


def _ended_elements(text: str) -> frozenset[str]:
    return frozenset(name.lower() for name in _END_TAG.findall(text))


def _separator(tag: re.Match[str], ended: frozenset[str]) -> str | None:
    """Return what a tag leaves behind, or None if it is text in angle brackets, as in ``<name>@<host>``."""
    name = tag["name"].lower()
    if name in _SEPARATORS:
        return _SEPARATORS[name]
    is_markup = tag["mark"] or name in ended or _has_attribute(tag) or tag["rest"].endswith("/")
    return "" if is_markup and _ELEMENT_NAME.fullmatch(name) else None


def _without_hidden_elements(text: str) -> str:
    """Drop comments, script and style elements whole; an unclosed one loses only its tag."""
    kept: list[str] = []
    unclosed: set[str] = set()
    position = 0
    for match in _HIDDEN.finditer(text):
        name = (match[1] or "!--").lower()
        if match.start() < position or name in unclosed:
            continue
        # The two dashes of "<!-->" both begin and end a comment.
        end = _END_OF_HIDDEN[name].search(text, match.end() - 2 if name == "!--" else match.end())
        if end is None:
            unclosed.add(name)
            continue
        kept.append(text[position : match.start()])
        position = end.end()
    return "".join((*kept, text[position:]))
