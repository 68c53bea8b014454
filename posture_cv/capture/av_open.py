"""Opening with PyAV, whichever supported version is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from av.container import InputContainer

_READS_ANY_TEXT: Final = 19
"""From this major version on, text in a file that is no UTF-8 is no error; before, it has to be asked for."""


def open_input(url: str, options: Mapping[str, str]) -> InputContainer:
    """Open a file or a stream for reading; raises what `av.open` raises."""
    import av

    major = int(av.__version__.partition(".")[0])
    text: dict[str, Any] = {} if major >= _READS_ANY_TEXT else {"metadata_errors": "replace"}
    container: InputContainer = av.open(url, container_options=dict(options), **text)
    return container
