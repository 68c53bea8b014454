"""`datapackage.json`: what the tables hold, in the vocabulary of Frictionless Data (specs.frictionlessdata.io)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from posture_cv._version import __version__
from posture_cv.exposure.catalogue import MEASURES
from posture_cv.exposure.sources import SOURCES
from posture_cv.opendata.names import distinct, resource_name
from posture_cv.opendata.tables import Field, Table


def datapackage(tables: Mapping[str, Table], name: str) -> dict[str, Any]:
    """The descriptor of CSV or Parquet files.

    Args:
        tables: path within the package -> what the file holds.
        name: of the data set, in any words.
    """
    called = distinct(tables, lambda path: resource_name(path.rsplit(".", 1)[0].replace("/", "-")), "-")
    return {
        "profile": "data-package",
        "name": resource_name(name),
        "title": "Sitting posture, measured by posture-cv",
        "contributors": [{"title": f"posture-cv {__version__}", "role": "wrangler"}],
        "resources": [_resource(path, called[path], table) for path, table in tables.items()],
        "posture_cv": {
            "measures": {
                m.key: {"title": m.title, "definition": m.note, "source": m.source} for m in MEASURES.values()
            },
            "sources": {s.key: {"reference": s.reference, "doi": s.doi} for s in SOURCES.values()},
        },
    }


def _resource(path: str, name: str, table: Table) -> dict[str, Any]:
    kind = path.rsplit(".", 1)[-1]
    return {
        "name": name,
        "path": path,
        "format": kind,
        "mediatype": "text/csv" if kind == "csv" else "application/vnd.apache.parquet",
        "encoding": "utf-8",
        "description": table.about,
        "profile": "tabular-data-resource",
        "schema": {"fields": [_field(f) for f in table.fields], "missingValues": [""]},
    }


def _field(field: Field) -> dict[str, Any]:
    out: dict[str, Any] = {"name": field.name, "type": field.kind, "description": field.about}
    if field.unit:
        out["unit"] = field.unit
    if field.kind == "boolean":
        out |= {"trueValues": ["TRUE"], "falseValues": ["FALSE"]}
    return out
