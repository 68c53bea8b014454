"""The two model bundles that a build puts into this package, and the sums that they must have.

`pose_landmarker_full.task` and `face_landmarker.task` are build products (see `buildtools`), kept out of
version control. This module holds only constants: the build reads it too, so the sums stand in one place.
"""

POSE_MODEL_FILE = "pose_landmarker_full.task"
FACE_MODEL_FILE = "face_landmarker.task"

BUNDLED_SHA256: dict[str, str] = {
    POSE_MODEL_FILE: "8f22e869bf49c810fe2be71303a1da3a9fe8f2d97e4ff72787df01a5990146f3",
    FACE_MODEL_FILE: "fe8c5c52d7e4813d62627f5c278234ea6f572c17991c483bdaed204604ab29f0",
}
"""File name to SHA-256 (hex) of each bundled model."""
