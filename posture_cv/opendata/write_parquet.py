"""Tables as Parquet (extra `research`): units and meanings in the metadata of every field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from posture_cv.errors import InputError
from posture_cv.opendata.tables import Column, Field, Table

if TYPE_CHECKING:
    import pyarrow as pa


def check_parquet() -> None:
    """Make sure that Parquet can be written.

    Raises:
        InputError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise InputError(
            "Parquet needs the package pyarrow, which is not installed.",
            "",
            "Install the extra: pip install 'posture-cv[research]', or choose --format csv.",
        ) from error


def write_parquet(path: Path, table: Table, metadata: Mapping[str, Any]) -> None:
    """Write a table.

    Each field's metadata holds `unit` and `description`; the file's holds `description` and, as JSON under
    `posture_cv`, what `metadata` gives (the sidecar).
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [_arrow_field(field) for field in table.fields],
        metadata={"description": table.about, "posture_cv": json.dumps(metadata, sort_keys=True)},
    )
    arrays = [
        _array(field, column, schema.field(k).type)
        for k, (field, column) in enumerate(zip(table.fields, table.columns, strict=True))
    ]
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path, compression="zstd")


def _arrow_field(field: Field) -> pa.Field:
    import pyarrow as pa

    types = {
        "number": pa.float64(),
        "integer": pa.int64(),
        "boolean": pa.bool_(),
        "string": pa.dictionary(pa.int32(), pa.string()),
    }
    return pa.field(field.name, types[field.kind], metadata={"unit": field.unit, "description": field.about})


def _array(field: Field, column: Column, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if field.kind != "number":
        return pa.array(list(column), type=kind)
    values = np.array([np.nan if value is None else value for value in column], np.float64)
    if field.decimals >= 0:
        values = np.round(values, field.decimals) + 0.0
    return pa.array(values, type=kind, mask=~np.isfinite(values))
