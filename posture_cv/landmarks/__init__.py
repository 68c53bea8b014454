"""Frame -> landmarks of body and face and the contour of the person; recordings of them.

- What comes out: `types` (`Landmarks`, shapes and units), `names` (which point is which).
- How it is found: `estimator` (the protocol), `mediapipe_estimator` (a frame's way through all that follows),
  `model_picture` (in which size), `mediapipe_tasks` and `c_points` (the models), `looks` (one picture seen several
  times), `close_up` and `own_face` (the face), `contour` (the mask's outline), `scene`, `background` and `dress`
  (what the picture says beside the person), `quantise` (rounded as recordings keep it).
- Other people in the picture: `finders`.
- Recordings: `recording` reads, `recording_writer` writes, `packing` is the format of a block, `joining` makes one of
  several, `part_file` is how a file grows.
- What keeps the models well: `model_files`, `native_memory`, `without_sound`.

A *share* is a part of the picture's width or height, 0 at its left or upper edge, 1 at the other; NaN is "not found".
"""
