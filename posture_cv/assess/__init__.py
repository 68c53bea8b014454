"""Measurements -> states, episodes and alerts. Pure: time is an argument.

In the order of the data:

- `smoothing` (trailing means; `trail`, `jumps`), `naming` and `thresholds` (which posture a frame shows), `ticks` (a
  regular grid of times);
- `policy` (when to speak) steps over the ticks: `look` (what a tick means), `lookdown` (how long the head may stay
  bent), `window` (what of the last minutes counts), `breaks` and `nudges` (what is told besides postures), `answers`
  (what the person said to it); `policy_state` is all that it remembers, `effects` all that it wants done;
- `episodes` (stretches of one state), `records` and `explain` (why something was told), `feedback` (thresholds that
  answers raise), `staleness` (whether the baseline has grown old);
- drivers: `stream` and `engine` a frame at a time, `blocks` and `recording` a recording, with the same answers to the
  last bit; `calculus` is why one formula serves both.

Words: a *cue* is a posture that alerts, by its label (`settings.CUES`). *Excess* is a posture's size as a multiple of
its threshold: 1 is at it. *Measured* is time in which a posture could be judged. A *bout* is a stretch of poor posture,
whichever; an *episode* one of a single state. A *notice* is an alert about a posture, a *nudge* any other.
"""
