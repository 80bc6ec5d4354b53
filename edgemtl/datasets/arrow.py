"""The flow table on disk and in memory: Arrow tables to Flows and back."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.datasets.checks import check_values
from edgemtl.errors import DataError, MissingDependency
from edgemtl.flows import COLUMNS, NULL, OPTIONAL_COLUMNS, OPTIONAL_SERIES, SERIES, Flows, Text

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["flow_schema", "from_arrow", "pyarrow", "to_arrow"]


_SERIES = SERIES | OPTIONAL_SERIES


def pyarrow() -> Any:
    """The pyarrow package, or one line that says how to get it."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingDependency("Parquet", "pyarrow", "flows") from None
    return pyarrow


def flow_schema(optional: Collection[str] = (*OPTIONAL_SERIES, *OPTIONAL_COLUMNS)) -> pa.Schema:
    """The Arrow schema of a flow table that keeps these optional columns."""
    pa = pyarrow()
    kinds: dict[Any, Any] = {
        object: pa.string(),
        np.int64: pa.int64(),
        np.float64: pa.float64(),
    }
    columns = [(name, kinds[kind]) for name, kind in COLUMNS.items()]
    series = [
        (name, pa.list_(pa.from_numpy_dtype(kind)))
        for name, kind in _SERIES.items()
        if name in SERIES or name in optional
    ]
    more = [(name, kinds[kind]) for name, kind in OPTIONAL_COLUMNS.items() if name in optional]
    return pa.schema([*columns[:3], *series, *columns[3:], *more])


def to_arrow(flows: Flows) -> pa.Table:
    """Flows as an Arrow table of `flow_schema`; null stands for what is not known."""
    pa = pyarrow()
    series = flows.series()
    schema = flow_schema({*flows.columns, *series})
    offsets = _numbers(flows.offsets.astype(np.int32))
    arrays = []
    for field in schema:
        if field.name in series:
            values = _numbers(series[field.name][: flows.offsets[-1]])
            arrays.append(pa.ListArray.from_arrays(offsets, values))
        else:
            column = flows.columns[field.name]
            values = column if isinstance(column, Text) else flows[field.name]
            arrays.append(_column(field, values))
    return pa.Table.from_arrays(arrays, schema=schema)


# Arrays are made from buffers: pyarrow.array would import pandas, where that is there, which takes
# longer than to read a million packets.


def _column(field: pa.Field, values: NDArray[Any] | Text) -> pa.Array:
    pa = pyarrow()
    if isinstance(values, Text):
        offsets = pa.py_buffer(values.offsets.astype(np.int32))
        return pa.StringArray.from_buffers(len(values), offsets, pa.py_buffer(values.data))
    if values.dtype == object:
        unknown = all(value is None for value in values)
        return pa.nulls(len(values), field.type) if unknown else pa.array(values, field.type)
    if values.dtype == np.float64:
        return _numbers(values, ~np.isnan(values))
    return _numbers(values, None if field.name == "start_us" else values != NULL)


def _numbers(values: NDArray[Any], known: NDArray[np.bool_] | None = None) -> pa.Array:
    pa = pyarrow()
    valid = None
    if known is not None and not known.all():
        valid = pa.py_buffer(np.packbits(known, bitorder="little"))
    kind = pa.from_numpy_dtype(values.dtype)
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(kind, len(values), [valid, data])


def from_arrow(table: pa.Table, where: str) -> Flows:
    """Flows of an Arrow table; DataError names the first column that is missing or wrong."""
    pa = pyarrow()
    try:
        table.validate(full=True)  # a damaged file may hold text that is none
    except pa.ArrowInvalid as error:
        raise DataError(f"{where}: is damaged: {str(error).splitlines()[0]}") from None
    names = (*COLUMNS, *OPTIONAL_COLUMNS, *_SERIES)
    known = [name for name in names if name in table.column_names]
    for name in (*COLUMNS, *SERIES):
        if name not in known:
            raise DataError(f"{where}: column {name} is missing: see docs/flow-table.md")
    arrays = {}
    for name in known:
        want = flow_schema().field(name).type
        column = table.column(name).combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # no rows, or more than one array can hold
            column = pa.concat_arrays(column.chunks) if column.chunks else pa.array([], want)
        try:
            arrays[name] = column if column.type == want else _cast(column, want)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise DataError(f"{where}: column {name}: must be {want}, is {column.type}") from None
    lists = {name: arrays.pop(name) for name in known if name in _SERIES}
    flows = Flows(
        offsets=_series_offsets(lists, where),
        columns={name: _numpy(column) for name, column in arrays.items()},
        **{name: each.flatten().to_numpy(zero_copy_only=False) for name, each in lists.items()},
    )
    check_values(flows, where)
    return flows


def _cast(column: pa.Array, want: pa.DataType) -> pa.Array:
    """Other widths of the same kind are fine; text for numbers is not, nor a value that is cut."""
    pa = pyarrow()

    def kind(t: Any) -> str:
        if pa.types.is_list(t) or pa.types.is_large_list(t) or pa.types.is_fixed_size_list(t):
            return "list of " + kind(t.value_type)
        if pa.types.is_dictionary(t):
            return kind(t.value_type)
        if pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_string_view(t):
            return "text"
        if pa.types.is_integer(t):
            return "integer"
        return "float" if pa.types.is_floating(t) else str(t)

    if kind(column.type) != kind(want) and column.null_count < len(column):
        raise pa.ArrowInvalid("another kind")
    return column.cast(want)


def _series_offsets(lists: dict[str, pa.Array], where: str) -> Any:
    counts: list[Any] = []
    for name, column in lists.items():
        if column.null_count or column.flatten().null_count:
            raise DataError(f"{where}: column {name}: has null where numbers must be")
        lengths = column.value_lengths().to_numpy(zero_copy_only=False)
        if counts and not np.array_equal(counts[0], lengths):
            row = int(np.flatnonzero(counts[0] != lengths)[0])
            raise DataError(f"{where}: row {row}: iat_us and {name} differ in length")
        counts.append(lengths)
    return np.concatenate([[0], np.cumsum(counts[0], dtype=np.int64)]).astype(np.int64)


def _numpy(column: pa.Array) -> Any:
    pa = pyarrow()
    if pa.types.is_integer(column.type):
        return column.fill_null(NULL).to_numpy(zero_copy_only=False)
    if pa.types.is_floating(column.type):
        # A NaN that is no null is an error of whoever wrote it; infinity keeps it apart from null
        # until check_values refuses it.
        values = column.to_numpy(zero_copy_only=False).astype(np.float64)
        known = column.is_valid().to_numpy(zero_copy_only=False)
        return np.where(known & np.isnan(values), np.inf, values)
    return column.to_numpy(zero_copy_only=False).astype(object)
