"""Every face and every person in a picture, whoever they are: to hide them, and to know of company."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.capture.quiet import quiet_stderr
from posture_cv.closing import Closing
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.landmarks.mediapipe_tasks import FaceSearch, PersonSearch, Picture
from posture_cv.landmarks.model_files import resolve_face_model, resolve_pose_model
from posture_cv.landmarks.model_picture import SHORT_SIDE_PX, fitting_to_search
from posture_cv.landmarks.own_face import face_belongs
from posture_cv.landmarks.types import Float, Landmarks

# For hiding faces: a box too many does less harm than a face too many (ours).
MOST_FACES: Final = 10
LEAST_FACE_CONFIDENCE: Final = 0.2
LEAST_PERSON_CONFIDENCE: Final = 0.2
# In 104 calibrations of people who sat alone no second face was found with it (`docs/rendered-people.md`).
SURE_FACE_CONFIDENCE: Final = 0.5


class _Finder(Closing):
    """One model that looks at single pictures."""

    def __init__(self, search: FaceSearch | PersonSearch) -> None:
        self._search = search
        self._ran = False

    def _found(self, image_bgr: NDArray[np.uint8]) -> list[Float]:
        """(N, 2) the points of each that is found, as shares of the picture.

        What the model says on its first picture is kept from the terminal.
        """
        sized, scale = fitting_to_search(image_bgr)
        with nullcontext() if self._ran else quiet_stderr():
            found = self._search.found(Picture.of(sized))
        self._ran = True
        return [points * scale for points in found]

    def close(self) -> None:
        """Release the model; a second call does nothing."""
        self._search.close()


class FaceFinder(_Finder):
    """Every face in a picture, whoever's it is: to hide them. Close it.

    The model was made for faces that look towards the camera; others may be missed, which `PeopleFinder` makes up
    for. On rendered pictures with a second person one to two metres behind the first it found all six, two of them in
    profile; in smaller copies of them it did not.

    Args:
        options: of the estimator; the face model is taken from them.
        confidence: 0-1, below which nothing is taken for a face.

    Raises:
        ModelFileError: see `MediaPipeEstimator`.
    """

    def __init__(
        self, options: EstimatorOptions | None = None, confidence: float = LEAST_FACE_CONFIDENCE
    ) -> None:
        file = resolve_face_model((options or EstimatorOptions()).face_model)
        super().__init__(FaceSearch(file, MOST_FACES, confidence))

    def find(self, image_bgr: NDArray[np.uint8]) -> list[tuple[float, float, float, float]]:
        """Boxes round the faces, a face perhaps several times: left, top, right, bottom in pixels.

        The model looks at a small copy, in which a face in the background is lost; so it looks at the whole picture
        and at six parts of half its width and height, which overlap.
        """
        height, width = image_bgr.shape[:2]
        boxes = self._in_part(image_bgr, 0, 0)
        if min(height, width) < 4 * SHORT_SIDE_PX:
            return boxes
        for top in (0, height - height // 2):
            for left in (0, width // 4, width - width // 2):
                part = image_bgr[top : top + height // 2, left : left + width // 2]
                boxes += self._in_part(np.ascontiguousarray(part), left, top)
        return boxes

    def _in_part(
        self, part_bgr: NDArray[np.uint8], left: int, top: int
    ) -> list[tuple[float, float, float, float]]:
        height, width = part_bgr.shape[:2]
        boxes = []
        for points in self._found(part_bgr):
            near, far = points.min(axis=0).tolist(), points.max(axis=0).tolist()
            boxes.append(
                (left + near[0] * width, top + near[1] * height, left + far[0] * width, top + far[1] * height)
            )
        return boxes


class PeopleFinder(_Finder):
    """Every person in a picture: to hide heads that `FaceFinder` misses, turned away or in profile. Close it.

    Args:
        options: of the estimator; the pose model is taken from them.

    Raises:
        ModelFileError: see `MediaPipeEstimator`.
    """

    def __init__(self, options: EstimatorOptions | None = None) -> None:
        file = resolve_pose_model((options or EstimatorOptions()).pose_model)
        super().__init__(PersonSearch(file, MOST_FACES, LEAST_PERSON_CONFIDENCE))

    def find(self, image_bgr: NDArray[np.uint8]) -> Landmarks:
        """The pose of each of N people in one picture, as N frames of that picture's size."""
        found = self._found(image_bgr)
        people = Landmarks.empty(len(found))
        people.size_px[:] = image_bgr.shape[1], image_bgr.shape[0]
        for place, points in enumerate(found):
            people.pose[place, :, :2] = points
        return people


class CompanyFinder(_Finder):
    """Whether a second face is in the picture, near enough to be found in the whole of it. Close it.

    Who stands behind a person, or looks over the shoulder, becomes a part of their outline or is measured instead of
    them. A face one to two metres farther away is not found in this way, and did no harm to a calibration
    (`docs/rendered-people.md`).

    Args:
        options: of the estimator; the face model is taken from them.

    Raises:
        ModelFileError: see `MediaPipeEstimator`.
    """

    def __init__(self, options: EstimatorOptions | None = None) -> None:
        file = resolve_face_model((options or EstimatorOptions()).face_model)
        super().__init__(FaceSearch(file, MOST_FACES, SURE_FACE_CONFIDENCE))

    def has_company(self, image_bgr: NDArray[np.uint8], lm: Landmarks) -> bool:
        """Whether a face is there besides the one of the person measured.

        Args:
            image_bgr: (H, W, 3) the picture.
            lm: what was found in it, one frame; of nobody there is no company.
        """
        if not lm.person_found[0]:
            return False
        faces = self._found(image_bgr)
        own = any(face_belongs(face, lm.pose[0]) for face in faces)
        return len(faces) > int(own)
