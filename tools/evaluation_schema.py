"""Write the tables of docs/evaluation-schema.md from the models in posture_cv/evaluate/schema.py.

Run `python tools/evaluation_schema.py` to rewrite them; with `--check` it only says whether they are up to date
(exit code 1: they are not).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import NoneType
from typing import get_args, get_origin

from pydantic import BaseModel

from posture_cv.evaluate.opinions import OpinionResult
from posture_cv.evaluate.schema import EvaluationResult

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "evaluation-schema.md"
BEGIN, END = "<!-- made by tools/evaluation_schema.py -->", "<!-- end -->"


def tables(*roots: type[BaseModel]) -> str:
    """One section for each model, in the order in which they are reached."""
    models: list[type[BaseModel]] = []
    for root in roots:
        _collect(root, models)
    return "\n".join(_table(model) for model in models)


def _collect(model: type[BaseModel], found: list[type[BaseModel]]) -> None:
    if model in found:
        return
    found.append(model)
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            _collect(inner, found)


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _table(model: type[BaseModel]) -> str:
    about = (model.__doc__ or "").strip().splitlines()[0]
    rows = [
        f"| `{name}` | {_type_name(field.annotation)} | {field.description} |"
        for name, field in model.model_fields.items()
    ]
    return "\n".join(
        [f"### {model.__name__}", "", about, "", "| key | value | meaning |", "|---|---|---|", *rows, ""]
    )


def _type_name(annotation: object) -> str:
    if NoneType in get_args(annotation):
        parts = [_type_name(part) for part in get_args(annotation) if part is not NoneType]
        return f"{' or '.join(parts)} or null"
    if get_origin(annotation) is list:
        return f"list of {_type_name(get_args(annotation)[0])}"
    if get_origin(annotation) is dict:
        return f"object of {_type_name(get_args(annotation)[1])}"
    if get_args(annotation):  # Annotated
        return _type_name(get_args(annotation)[0])
    assert isinstance(annotation, type)
    name = annotation.__name__
    if issubclass(annotation, BaseModel):
        return f"[{name}](#{name.lower()})"
    return {"float": "number", "int": "integer", "str": "text"}[name]


def document(text: str) -> str:
    """The text with its tables made anew."""
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    return f"{head}{BEGIN}\n\n{tables(EvaluationResult, OpinionResult)}\n{END}{tail}"


def main() -> int:
    """Parse the command line, compare or write; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether they are up to date")
    only_check = parser.parse_args().check
    old = DOCUMENT.read_text("utf-8")
    new = document(old)
    if only_check:
        print("up to date" if new == old else f"{DOCUMENT} is out of date")
        return int(new != old)
    DOCUMENT.write_text(new, "utf-8")
    print(f"wrote {DOCUMENT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
