"""Cleaning: what a reader sees of a text with markup, entities and odd characters."""

from __future__ import annotations

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from distillery.scoring.cleaning import clean, clean_url


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("<p>One</p><p>two</p>", "One\n\ntwo"),
        ("<h1>One</h1>two<hr>three", "One\n\ntwo\n\nthree"),
        ("a<br/>b<BR>c", "a\nb\nc"),
        ("<tr><td>left</td><td>right</td></tr>", "left right"),
        ('before<img src="x" alt="a picture">after', "before after"),
        ('<a href="x" class="y">link</a>', "link"),
        ('<p><span class="dropcap">T</span>he council', "The council"),
        ("Donau<wbr>dampf<wbr/>schiff", "Donaudampfschiff"),
        ("CO<sub>2</sub> and 10<sup>th</sup>, <em>un</em>usual", "CO2 and 10th, unusual"),
        ("<FONT color=red>F</FONT>ire", "Fire"),
        ("w<!-- a > b -->or<!---->d<!-->s", "words"),
        ("<o:p></o:p><custom-tag a=b>in</custom-tag>side<svg:path/>", "inside"),
        ('a<b title="5 > 3">b</b>c', "abc"),
        ("a<b title='it is \">\"'>b</b>c", "abc"),
        ("<p class=don't>He said 'yes'</p>", "He said 'yes'"),
        ('<figure data-caption="<em>a</em> picture">shown</figure>', "shown"),
        ("a\n<![if !mso]>b<![endif]>\n<!--[if mso]>c<![endif]-->d", "a\nb\nd"),
    ],
)
def test_only_block_tags_part_words(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "2 < 3 and 5 > 4",
        "x<y and y>z",
        "<year>.<month> of <the day>",
        "Jane <jane@example.org> or <https://example.org/?a=b>",
        "#include <std/io.h>",
        "vector<int>",
        "<\u017fcript>a</\u017fcript>b",
    ],
)
def test_angle_brackets_that_are_no_tags_stay(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a<script>var x = '<b>';</script>b", "ab"),
        ('a<STYLE type="t">p { }</STYLE >b', "ab"),
        ("a<script>one</script>b<script>two</script>c", "abc"),
        ("<scr\u0131pt>a</scr\u0131pt>b", "<scr\u0131pt>a</scr\u0131pt>b"),
        ("before <script>alert(1) after", "before alert(1) after"),
        ("<style>never closed <script>evil()</script>shown", "never closed shown"),
        ("<!-- a comment -->shown", "shown"),
        ("<!-- <b>hidden</b> -->shown", "shown"),
        ("<!DOCTYPE html><?xml version='1.0'?>shown", "shown"),
    ],
)
def test_hidden_elements_are_dropped_and_unclosed_ones_lose_nothing(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("fish &amp; chips &copy; caf&eacute; &#233; &#xE9;", "fish & chips © café é é"),
        ("a &lt; b and c &gt; d", "a < b and c > d"),
        ("<p>a &lt; b</p>", "a < b"),
        ("&lt;p&gt;a &amp;lt; b&lt;/p&gt;", "a < b"),
        ("&lt;p&gt;Fish &amp;amp; chips&lt;/p&gt;", "Fish & chips"),
        ("&amp;lt;p&amp;gt;Fish&amp;lt;/p&amp;gt;", "Fish"),
        ("&#60;p&#x3e;Fish&#60;/p>", "Fish"),
        ("one&lt;br /&gt;two.&lt;wbr&gt;", "one\ntwo."),
        ("&lt;a href='x'&gt;link", "link"),
        ("&lt;!-- more --&gt;shown", "shown"),
        ("<![CDATA[<p>One</p><p>two &amp; three</p>]]>", "One\n\ntwo & three"),
        ("&lt;![CDATA[&lt;p&gt;One&lt;/p&gt;]]&gt;", "One"),
        ("Don<![CDATA[au]]>strom", "Donaustrom"),
        ("<!--[CDATA[One &amp; two]]-->", "One & two"),
        ("cut at its beginning]]>\n", "cut at its beginning"),
        ("one\n&lt;br&gt;\ntwo", "one\n\ntwo"),
        ("a[b[0]]>c", "a[b[0]]>c"),
        ("She said &amp;quot;yes&amp;quot; &amp;#39;twice&amp;#39;", "She said \"yes\" 'twice'"),
        ("AT&amp;amp;T", "AT&T"),
    ],
)
def test_entities_and_escaped_markup_are_undone(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("Use &lt;br&gt;.", "Use <br>."),
        ("i&lt;b and b&gt;c", "i<b and b>c"),
        ("<p>Write &lt;b&gt;bold&lt;/b&gt;</p>", "Write <b>bold</b>"),
        ("<p>Write &amp;amp; for an ampersand</p>", "Write &amp; for an ampersand"),
    ],
)
def test_a_text_about_markup_keeps_it(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b\x07c\x1b[0m\x7f\x81d", "abc[0md"),
        ("a\ud800b\udfffc\uffff", "abc"),
        ("\ufeffa\u200bb\u00adc\u2060d\u200ee\u202cf\ufffcg", "abcdefg"),
        ("so&shy;ft&zwnj;ly&lrm;, &#8203;so&#xAD;ft&amp;shy;ly", "softly, softly"),
        ("fi\u200cn\u200dd\ufe0f", "find"),
        ("e\u034f\u0301", "é"),
        ("e\u0301", "é"),
        ("ﬁne ＡＢ ½", "ﬁne ＡＢ ½"),  # noqa: RUF001
    ],
)
def test_characters_that_show_nothing_are_dropped(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0647\u200d",
        "\u0915\u094d\u200d\u0937 \u0915\u094d\u200c\u0937",
        "\u09b0\u200d\u09cd\u09af",
        "\U0001f469\u200d\U0001f52c \U0001f469\U0001f3fd\u200d\U0001f680 \U0001f3f3\ufe0f\u200d\U0001f308",
        "1\ufe0f\u20e3 \u2764\ufe0f \u2764\ufe0e",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\u1820\u180b \u1828\u180e\u1820",
        "\u1100\u1160 \u115f\u1161",
    ],
    ids=ascii,
)
def test_characters_that_the_script_needs_stay(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a \t\u00a0 b\u2009\u3000\u202f\u2800c", "a b c"),
        ("a\r\nb\rc\x0bd\x0ce\x85f\u2028g", "a\nb\nc\nd\ne\nf\ng"),
        ("a\u2029\u2029\u2029b", "a\n\nb"),
        ("a\n \n\n \nb", "a\n\nb"),
        ("  a  ", "a"),
        ("", ""),
    ],
)
def test_space_is_collapsed(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_url_keeps_its_query() -> None:
    assert clean_url("https://a.org/?a=1&copy=2&lt;=3") == "https://a.org/?a=1&copy=2&lt;=3"


@pytest.mark.parametrize("letter", ["İ", "ẞ", "Ⱥ"])
def test_script_is_found_behind_letters_whose_lower_case_is_longer(letter: str) -> None:
    assert clean(f"{letter * 30}<script>hidden</script>shown") == f"{letter * 30}shown"


def test_endless_character_reference_is_only_text() -> None:
    """Python refuses to read a decimal number of more than 4,300 digits."""
    assert "shown" in clean(f"shown &#{'1' * 5000};")


@pytest.mark.parametrize(
    "unit",
    [
        *("<", "<a ", "<a", "<a:", "<x>", "<x></x>", "<b>", "</b>", "<div><b>", "<!--", "<!-->", "<![", "<![CDATA["),
        *("<script>", "</script", "<script></style>", "<style><script></script>", '<a x="', "<a x='\"", "<a =   "),
        *("&", "&#", "&amp;", "&amp;amp;", "&#x41;", "&lt;", "&lt;br&gt;", "&amp;lt;p&amp;gt;", "&shy;", "]]>"),
        *("\n ", " \t", "\r", "\u00a0", "\u200c", "\u0627\u200c", "\U0001f469\u200d", "\U0001f3f4\U000e0067", "\ufe0f"),
        *("\u1160", "\u00ad", "a\u0301", "\u0301\u0316"),
    ],
    ids=ascii,
)
def test_time_is_in_proportion_to_the_length(unit: str) -> None:
    assert_linear(clean, unit * (250_000 // len(unit)))


_PIECES = (
    *("<script>", "</SCRIPT", "<style", "</style>", "<!--", "-->", "<b>", "<p>", "</p>", "<", ">", "<![CDATA[", "]]>"),
    *("&lt;", "&amp;", "&#", "&#x41;", "&", ";", "\n", "\u200d", "\u200c", "\ufe0f", '"', "="),
)

markup = st.lists(st.one_of(st.sampled_from(_PIECES), st.characters(codec=None)), max_size=40).map("".join)


@given(markup)
def test_clean_never_raises_and_leaves_nothing_unprintable(text: str) -> None:
    cleaned = clean(text)

    assert cleaned == cleaned.strip()
    assert not any((ord(c) < 32 and c != "\n") or 0xD800 <= ord(c) <= 0xDFFF for c in cleaned)
    assert "\n\n\n" not in cleaned
    assert "  " not in cleaned


@given(st.text(st.characters(codec=None, exclude_characters="<&"), max_size=80))
def test_clean_text_stays_as_it_is(text: str) -> None:
    """Without ``<`` and ``&``, that is: ``&lt;b&gt;`` means ``<b>``, and cleaning that again drops it."""
    assert clean(clean(text)) == clean(text)
