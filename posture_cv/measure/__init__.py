"""Landmarks -> measurements against a baseline. Pure: no I/O, no clock, numpy only.

`measure.measure` is the one way in. What it calls, in the order of the data:

- before anybody is measured: `view` (from where the camera sees); `steady` and `turning` (a nudge of the camera is
  taken off); `gates`, `unsure`, `collapsed` and `dress` (what cannot be judged, or less surely);
- from the front: `front_reference` and `front_space` (the baseline, worked out once), `front_parts`, `front_outline`
  and `expression` (what has moved), `front_columns` (the table of all that is read), `front_reading` (frames in it),
  `front_room` (the same in the room), `front_groups`, `front_model` and `front_arrays` (what is answered from which
  columns), `front` (the estimates);
- from the side: `profile_outline`, `side_reference`, `side_columns` (the table of all that is read), `side_outline`,
  `side`; obliquely: `oblique_features` (with its table), `oblique`.
  Both read `outline_edges`, register them by `rigid_fit` and answer by `block_model`;
- of landmarks with parts missing, linearly: `partial`.

The fits are Gaussian processes (Rasmussen & Williams 2006) in `mirror_kernel` and `block_model`, with small networks
beside them in `mirror_network` and `plain_network`; `tools/fit_estimators.py` makes their numbers. In comments "(ours)"
marks a number that was chosen here, by sight or on rendered people, and is in no publication. Limits are taken by
`np.minimum` and `np.maximum`: of a single frame, `np.clip` takes twice as long.

Words of anatomy: the *tragus* is the flap before the ear's opening; *C7* the vertebra that stands out at the base of
the neck; the *acromion* (plural: acromia) the bony tip of the shoulder. The *craniovertebral angle* (CVA) lies between
the horizontal through C7 and the line from there to the tragus: smaller means that the head is farther forward.
*Protraction* is shoulders pulled forward, *elevation* shoulders pulled up, both against the thorax.
"""
