"""The frame of every page: style and script inline, allowed by their hash and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from posture_cv._version import __version__
from posture_cv.report.svg import STYLE

if TYPE_CHECKING:
    import jinja2


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("posture_cv.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _file(name: str) -> str:
    return files("posture_cv.report").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(style: str, script: str, *, pictures: bool) -> str:
    """The content security policy: our own style and script by their hash; pictures only as data."""
    parts = ["default-src 'none'", f"style-src {_hash(style)}", "base-uri 'none'", "form-action 'none'"]
    if script:
        parts.append(f"script-src {_hash(script)}")
    if pictures:
        parts.append("img-src data:")
    return "; ".join(parts)


def render(template: str, *, script: bool, pictures: bool = False, **values: Any) -> str:  # noqa: ANN401 - of a template
    """A whole page.

    Args:
        template: its name in this package.
        script: whether it holds a timeline.
        pictures: whether it holds pictures.
        values: of the template.
    """
    from markupsafe import Markup

    style = _file("page.css") + STYLE
    code = _file("timeline.js") if script else ""
    return (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(code),  # noqa: S704 - our own file
            policy=Markup(policy(style, code, pictures=pictures)),  # noqa: S704 - made of hashes
            version=__version__,
            **values,
        )
    )


def json_inside_html(plain: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """JSON that cannot end the element it stands in."""
    from markupsafe import Markup

    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def markup(svg: str) -> Any:  # noqa: ANN401 - markupsafe is imported late
    """A figure of ours, whose texts are escaped already."""
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704
