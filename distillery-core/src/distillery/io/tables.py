"""Tables as articles: Arrow batches, data frames and dicts of lists, one dict per row.

``rows_of`` is what a scorer calls for tabular input. It takes pandas and polars DataFrames, pyarrow Tables,
RecordBatches and readers, ``datasets.Dataset``, whatever else has the Arrow PyCapsule interface
(``__arrow_c_stream__`` or ``__arrow_c_array__``), and a dict of lists. Of these libraries only pyarrow is imported.
The values are normalised by ``values.field_value``.

Why: docs/decisions/tables.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import ArticleError, ArticleTypeError
from .fields import check_mapping, fields_fault
from .values import FIELDS, field_value

# Rows that are turned into Python objects at a time.
BATCH_ROWS = 256

_ARROW_METHODS = ("__arrow_c_stream__", "__arrow_c_array__")


def is_table(data: Any) -> bool:
    """Tell whether data is a table of articles: Arrow data, a data frame, a dataset, or a dict of lists."""
    if isinstance(data, Mapping):
        return bool(data) and all(_is_column(value) for value in data.values())
    return any(hasattr(data, method) for method in _ARROW_METHODS) or _is_dataset(data)


def rows_of(data: Any, columns: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """Return the articles of a table, in order, as dicts with those of id, title, content, text and url it has.

    ``columns`` maps a field of an article to the name in the data: ``{"title": "headline", "content": "body"}``.
    The columns are checked at once, the rows are read as they are asked for. Raises ArticleError if a column is
    missing or of a type that is not read, ArticleTypeError if ``data`` is not a table.
    """
    mapping = check_mapping(columns)
    if isinstance(data, Mapping):
        return _rows_of_lists(data, mapping)
    if _is_dataset(data):
        return _rows_of_dataset(data, mapping)
    reader = _reader_of(data, mapping)
    if isinstance(reader, Mapping):
        return _rows_of_lists(reader, mapping)
    return rows_of_batches(reader, ArrowColumns(reader.schema, mapping, "the table"))


def rows_of_batches(batches: Any, columns: ArrowColumns) -> Iterator[dict[str, Any]]:
    """Yield the articles of Arrow record batches (or tables)."""
    for batch in batches:
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield from columns.rows(batch.slice(start, BATCH_ROWS))


class ArrowColumns:
    """The columns of an Arrow schema that articles are read from.

    Raises ArticleError that names ``source`` if title or content is missing, or if a column has a type that cannot
    be read.
    """

    def __init__(self, schema: Any, columns: Mapping[str, str], source: str) -> None:
        """Check the schema."""
        names = list(schema.names)
        if fault := fields_fault(names, columns):
            raise ArticleError(f"{source}: {fault}")
        expected = {field: columns.get(field, field) for field in FIELDS}
        self.names = {field: name for field, name in expected.items() if name in names}
        for field, name in self.names.items():
            if names.count(name) > 1:
                raise ArticleError(f"{source} has {names.count(name)} columns named '{name}'; rename all but one.")
            if fault := _type_fault(field, schema.field(name).type):
                raise ArticleError(f"{source}: the column '{name}' is of the type {schema.field(name).type}. {fault}")
        if all(_is_null(schema.field(self.names[field]).type) for field in ("content", "text") if field in self.names):
            raise ArticleError(f"{source}: the column '{self.names.get('content', 'text')}' holds no values at all.")

    def rows(self, batch: Any) -> Iterator[dict[str, Any]]:
        """Yield the articles of one record batch or table."""
        values = [_values(field, batch.column(name)) for field, name in self.names.items()]
        for row in zip(*values, strict=True):
            yield dict(zip(self.names, row, strict=True))


def _reader_of(data: Any, columns: Mapping[str, str]) -> Any:
    """Return a RecordBatchReader, or the columns as lists where they hold objects that Arrow cannot take."""
    import pyarrow as pa

    if not is_table(data):
        remedy = "Call .collect() first" if hasattr(data, "collect") else "It needs the columns title and content"
        raise ArticleTypeError(f"{type(data).__name__} is not a table of articles. {remedy}.")
    if not any(hasattr(data, names) for names in ("columns", "column_names", "schema")):
        raise ArticleTypeError(f"a {type(data).__name__} is one column; pass the DataFrame with title and content.")
    if not hasattr(data, "__arrow_c_stream__"):
        batch = pa.record_batch(data)
        return pa.RecordBatchReader.from_batches(batch.schema, [batch])
    needed = _needed_columns(data, columns)
    try:
        return pa.RecordBatchReader.from_stream(data[needed] if needed else data)
    except pa.ArrowException:
        if not needed:
            raise
        return {name: data[name].tolist() for name in needed}


def _needed_columns(data: Any, columns: Mapping[str, str]) -> list[str]:
    """Return the columns of a data frame that are read; the others may hold what Arrow cannot take.

    Arrow data has no such names: nothing is returned. Raises ArticleError if a column is missing, or occurs twice.
    """
    names = list(getattr(data, "columns", ()))
    if names and not isinstance(names[0], (str, int, float, tuple)):  # the columns of a pyarrow Table are data
        return []
    if hasattr(data, "columns") and (fault := fields_fault(names, columns)):
        raise ArticleError(f"the table: {fault}")
    needed = [name for name in names if name in {columns.get(field, field) for field in FIELDS}]
    if repeated := sorted({name for name in needed if needed.count(name) > 1}):
        raise ArticleError(f"the table has several columns named {', '.join(repeated)}; rename all but one.")
    return needed


def _is_dataset(data: Any) -> bool:
    """Tell whether this is a Dataset of the library datasets."""
    return hasattr(data, "with_format") and hasattr(data, "iter")


def _rows_of_dataset(data: Any, columns: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Read the rows that a Dataset has after filtering and shuffling, not those of the table below it."""
    batches = data.with_format("arrow").iter(batch_size=BATCH_ROWS)
    first = next(batches, None)
    if first is None:
        return iter(())
    found = ArrowColumns(first.schema, columns, "the dataset")
    return _chained(found.rows(first), rows_of_batches(batches, found))


def _chained(*parts: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for part in parts:
        yield from part


def _is_column(value: Any) -> bool:
    """Tell whether a value of a dict is a column rather than a field of one article."""
    return not isinstance(value, (str, bytes, Mapping)) and hasattr(value, "__len__") and hasattr(value, "__iter__")


def _rows_of_lists(data: Mapping[str, Sequence[Any]], columns: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if fault := fields_fault(list(data), columns):
        raise ArticleError(f"the table: {fault}")
    lists = {field: _as_list(data[name]) for field in FIELDS if (name := columns.get(field, field)) in data}
    lengths = {name: len(column) for name, column in lists.items()}
    if len(set(lengths.values())) > 1:
        raise ArticleError(f"the columns differ in length: {', '.join(f'{k} {n}' for k, n in lengths.items())}.")
    return (
        {field: field_value(field, value) for field, value in zip(lists, row, strict=True)}
        for row in zip(*lists.values(), strict=True)
    )


def _as_list(column: Any) -> Sequence[Any]:
    values: Sequence[Any] = column.to_pylist() if hasattr(column, "to_pylist") else column
    return values


def _type_fault(field: str, kind: Any) -> str | None:
    """Return why a column of an Arrow type cannot be read as a field, or None."""
    from pyarrow import types

    kind = _storage(kind)
    if _is_text(kind) or (types.is_null(kind) and field != "title"):
        return None
    if field == "id":
        numeric = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
        return None if numeric else "An id is text or a whole number."
    if field == "url" and types.is_floating(kind):  # a column without any value, as pandas writes it
        return None
    return "It must hold text."


def _is_text(kind: Any) -> bool:
    """Tell whether a column holds text, or bytes that may be text."""
    from pyarrow import types

    tests = ("string", "large_string", "string_view", "binary", "large_binary", "binary_view", "fixed_size_binary")
    return any(getattr(types, f"is_{name}")(kind) for name in tests)


def _is_null(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_null(_storage(kind)))


def _storage(kind: Any) -> Any:
    """Return the type of the values: of a dictionary's, of a run's, of an extension's storage."""
    import pyarrow as pa
    from pyarrow import types

    if isinstance(kind, pa.BaseExtensionType):
        return _storage(kind.storage_type)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return _storage(kind.value_type)
    return kind


def _values(field: str, column: Any) -> list[Any]:
    """Return a column's values in Python, those of texts that are not UTF-8 as bytes."""
    from pyarrow import types

    values = _python_values(column)
    if types.is_string(column.type) or types.is_large_string(column.type) or types.is_integer(column.type):
        return values
    return [field_value(field, value) for value in values]


def _python_values(column: Any) -> list[Any]:
    import pyarrow as pa

    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:  # some value is not UTF-8: all are taken as bytes, and decoded one by one
        decoded = column.cast(_storage(column.type)) if pa.types.is_dictionary(column.type) else column
        binary = decoded.cast(pa.large_binary(), safe=False).to_pylist()
        values = [field_value("text", value) for value in binary]
    return values
