"""Tables as articles: data frames, Arrow data and dicts of lists, one dict per row."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Callable
from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from distillery.errors import ArticleError
from distillery.io.tables import is_table, rows_of
from distillery.io.values import field_value

COLUMNS = {"title": "headline", "content": "body"}
DATA: dict[str, list[Any]] = {"id": [1, 2], "headline": ["clinic", "court"], "body": ["water", "river"]}
EXPECTED = [{"id": 1, "title": "clinic", "content": "water"}, {"id": 2, "title": "court", "content": "river"}]
NAN = float("nan")

TABLES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(DATA),
    "polars": lambda: pl.DataFrame(DATA),
    "pyarrow table": lambda: pa.table(DATA),
    "pyarrow batch": lambda: pa.record_batch(DATA),
    "pyarrow reader": lambda: pa.table(DATA).to_reader(),
    "datasets": lambda: datasets.Dataset.from_dict(DATA),
    "dict of lists": lambda: DATA,
    "dict of arrays": lambda: {name: np.array(values) for name, values in DATA.items()},
    "dict of Arrow arrays": lambda: {name: pa.array(values) for name, values in DATA.items()},
    "dict of Series": lambda: {name: pd.Series(values) for name, values in DATA.items()},
}


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_every_kind_of_table_gives_the_same_articles(make: Callable[[], Any]) -> None:
    table = make()

    assert is_table(table)
    rows = list(rows_of(table, COLUMNS))
    assert rows == EXPECTED
    assert [[type(value) for value in row.values()] for row in rows] == [[int, str, str]] * 2


@pytest.mark.parametrize(
    "data",
    [{"title": "a", "content": "b"}, {"title": "a", "tags": ["x"]}, {}, [{"title": ["a"]}], "text", None, iter([])],
    ids=["article", "article with tags", "empty", "list", "text", "None", "iterator"],
)
def test_articles_are_not_tables(data: Any) -> None:
    assert not is_table(data)


def test_a_dataset_gives_the_rows_that_are_left_in_their_order() -> None:
    dataset = datasets.Dataset.from_dict(DATA).select([1, 0])

    assert list(rows_of(dataset, COLUMNS)) == EXPECTED[::-1]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table, datasets.Dataset.from_dict])
def test_many_rows_come_in_their_order(make: Callable[[Any], Any]) -> None:
    table = make({"id": list(range(1000)), "title": ["a"] * 1000, "content": ["b"] * 1000})

    assert [row["id"] for row in rows_of(table)] == list(range(1000))


def test_a_table_without_rows_has_no_articles() -> None:
    assert list(rows_of(pd.DataFrame({"title": [], "content": []}, dtype=str))) == []


def test_pandas_columns_that_are_not_read_may_hold_anything() -> None:
    frame = pd.DataFrame(DATA | {"other": [object(), 7]})

    assert list(rows_of(frame, COLUMNS)) == EXPECTED


def test_pandas_ids_of_mixed_types_are_read() -> None:
    frame = pd.DataFrame(DATA | {"id": ["a", 7]})

    assert [row["id"] for row in rows_of(frame, COLUMNS)] == ["a", 7]


# Missing values and column types


def test_missing_values_of_pandas_are_missing() -> None:
    frame = pd.DataFrame(
        {
            "id": [1.0, NAN],
            "title": pd.Categorical(["a", None]),
            "content": pd.array(["x", pd.NA], dtype="string"),
            "url": [NAN, NAN],
        }
    )

    assert list(rows_of(frame)) == [
        {"id": 1, "title": "a", "content": "x", "url": None},
        {"id": None, "title": None, "content": None, "url": None},
    ]


UUIDS = [uuid.UUID(int=n) for n in (1, 2)]
TEXT = ["a", "b"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        pytest.param(pa.array(TEXT).dictionary_encode(), TEXT, id="dictionary"),
        pytest.param(pa.array(TEXT, pa.large_string()).dictionary_encode(), TEXT, id="dictionary of large strings"),
        pytest.param(pa.array(TEXT, pa.large_string()), TEXT, id="large string"),
        pytest.param(pa.array(TEXT, pa.string_view()), TEXT, id="string view"),
        pytest.param(pa.array([b"a", "é".encode()], pa.binary()), ["a", "é"], id="binary"),
        pytest.param(pa.array([b"a", b"b"], pa.large_binary()), TEXT, id="large binary"),
        pytest.param(pa.array([b"a", b"b"], pa.binary_view()), TEXT, id="binary view"),
        pytest.param(pa.compute.run_end_encode(pa.array(TEXT)), TEXT, id="runs"),
        pytest.param(pa.array(["a", None]), ["a", None], id="null among texts"),
    ],
)
@pytest.mark.parametrize("field", ["id", "title", "content", "url"])
def test_every_type_of_text_is_read(field: str, column: Any, expected: list[str]) -> None:
    table = pa.table({"title": TEXT, "content": TEXT} | {field: column})

    assert [row[field] for row in rows_of(table)] == expected


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        pytest.param(pa.array([1.0, None]), [1, None], id="float"),
        pytest.param(pa.array([1.0, NAN]), [1, None], id="float with NaN"),
        pytest.param(pa.array([2**63, 0], pa.uint64()), [2**63, 0], id="unsigned"),
        pytest.param(pa.array([decimal.Decimal("7.00"), None]), [7, None], id="decimal"),
        pytest.param(pa.array([u.bytes for u in UUIDS], pa.uuid()), [str(u) for u in UUIDS], id="UUID"),
        pytest.param(pa.array([u.bytes for u in UUIDS], pa.binary(16)), [str(u) for u in UUIDS], id="16 bytes"),
        pytest.param(pa.array([b"\xff\x00", b"\x01\x02"]), ["ff00", "0102"], id="bytes that are no text"),
        pytest.param(pa.array([None, None]), [None, None], id="null"),
    ],
)
def test_ids_of_every_type_are_read(column: Any, expected: list[Any]) -> None:
    found = [row["id"] for row in rows_of(pa.table({"title": TEXT, "content": TEXT, "id": column}))]

    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize("field", ["title", "content", "url"])
def test_text_that_is_not_utf8_stays_bytes_and_the_next_is_read(field: str) -> None:
    broken = pa.array([b"caf\xe9", b"river"], pa.binary()).view(pa.string())

    rows = list(rows_of(pa.table({"title": TEXT, "content": TEXT} | {field: broken})))

    assert [row[field] for row in rows] == [b"caf\xe9", "river"]


@pytest.mark.parametrize(
    ("field", "column", "kind"),
    [
        ("title", pa.array([1, 2]), "int64"),
        ("content", pa.array([True, False]), "bool"),
        ("content", pa.array([["x"], []]), "list"),
        ("content", pa.array([{"a": "x"}, None]), "struct"),
        ("content", pa.array([None, None]), "null|holds no values"),
        ("title", pa.array([None, None]), "null"),
        ("url", pa.array([1, 2]), "int64"),
        ("id", pa.array([dt.datetime(2026, 1, 1)] * 2), "timestamp"),  # noqa: DTZ001
        ("id", pa.array([True, False]), "bool"),
        ("id", pa.array([["x"], []]), "list"),
    ],
)
def test_a_type_that_is_not_read_is_refused_once_by_column(field: str, column: Any, kind: str) -> None:
    table = pa.table({"title": TEXT, "content": TEXT} | {field: column})

    with pytest.raises(ArticleError, match=f"the column '{field}'.*({kind})"):
        rows_of(table)


def test_a_null_content_beside_text_is_no_fault() -> None:
    table = pa.table({"title": TEXT, "content": pa.array([None, None]), "text": TEXT})

    assert [row["text"] for row in rows_of(table)] == TEXT


# What cannot be read


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_missing_fields_name_what_was_found_and_what_to_write(make: Callable[[], Any]) -> None:
    with pytest.raises(ArticleError) as raised:
        rows_of(make())

    assert "'title' and 'content' are not found. Found: id, headline, body." in str(raised.value)
    assert '--column title=headline --column content=body, or columns={"title": "headline", "content": "body"}' in str(
        raised.value
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"title": "headlin", "content": "body"}, "nothing is named 'headlin'.* Did you mean 'headline'?"),
        ({"headline": "title"}, "'headline' is not a field of an article.*Did you mean title=headline?"),
        ({"title": "headline"}, "'content' is not found.*--column content=body"),
    ],
)
def test_a_wrong_mapping_is_refused(columns: dict[str, str], message: str) -> None:
    with pytest.raises(ArticleError, match=message):
        rows_of(pd.DataFrame(DATA), columns)


@pytest.mark.parametrize("series", [pd.Series(TEXT), pl.Series(TEXT), pa.array(TEXT), pa.chunked_array([TEXT])])
def test_one_column_alone_is_refused(series: Any) -> None:
    with pytest.raises(TypeError, match="is one column; pass the DataFrame"):
        rows_of(series)


def test_a_lazy_frame_is_refused_with_what_to_call() -> None:
    with pytest.raises(TypeError, match=r"LazyFrame is not a table of articles. Call .collect\(\) first."):
        rows_of(pl.DataFrame(DATA).lazy())


def test_a_name_that_occurs_twice_is_refused() -> None:
    frame = pd.DataFrame([["a", "b", "c"]], columns=["title", "content", "title"])

    with pytest.raises(ArticleError, match="several columns named title"):
        rows_of(frame)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ArticleError, match="differ in length: title 2, content 1"):
        rows_of({"title": TEXT, "content": ["x"]})


# Values of cells


@pytest.mark.parametrize("value", [None, NAN, np.float64("nan"), pd.NA, pd.NaT, decimal.Decimal("NaN")])
@pytest.mark.parametrize("field", ["id", "title", "url"])
def test_missing_values(field: str, value: Any) -> None:
    assert field_value(field, value) is None


@pytest.mark.parametrize("value", [7, 7.0, np.int64(7), np.float32(7), decimal.Decimal("7.0")])
def test_whole_numbers_are_ids(value: Any) -> None:
    found = field_value("id", value)

    assert (found, type(found)) == (7, int)


@pytest.mark.parametrize("value", [1.5, float("inf"), True, [1], {"a": 1}])
def test_what_is_no_id_is_left_for_the_error_to_name(value: Any) -> None:
    assert field_value("id", value) is value
