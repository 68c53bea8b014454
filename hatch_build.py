"""The build hook: makes the model bundles before a wheel, an sdist or an editable install is put together."""

from __future__ import annotations

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ModelBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # generic over a config class nobody subclasses
    """Runs `buildtools` of this source tree."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Make sure that both bundles are in `posture_cv/models`, or end the build with the reason."""
        if self.root not in sys.path:  # a front end need not put the source tree there
            sys.path.insert(0, self.root)
        from buildtools.errors import ModelBuildError
        from buildtools.project import ensure_project_models

        try:
            ensure_project_models(say=self.app.display_info)
        except ModelBuildError as error:
            self.app.abort(f"posture-cv: {error}")
