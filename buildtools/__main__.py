"""`python -m buildtools`: make the models of a source checkout, without building a package."""

import sys

from buildtools.errors import ModelBuildError
from buildtools.project import ensure_project_models

if __name__ == "__main__":
    try:
        ensure_project_models(say=print)
    except ModelBuildError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
