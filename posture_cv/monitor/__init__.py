"""The background program: one loop around camera, models and engine, and what surrounds it on a desktop.

- The loop: `loop`, with `lifecycle` (watch, or wait with the camera closed), `looking` (one picture), `telling` and
  `showing` (what is said, and to whom); `ports` are the protocols of all that it is connected to, `parts` their list,
  `moment` what each round hands on.
- When to look, and with which means: `economy` decides, by `picture` (has it changed?), `closeness` and `soon` (would a
  picture more matter?) and `margins` (how far each posture is from its limit; `hanging`: by which quantity).
- What judges: `judge` (the engine), `eyes` (the models), `choosing` and `profile_choice` (which profile),
  `recalibrate` and `calibrating` (a new one), `checking` (one careful look).
- Real parts: `cameras`, `clock`, `surroundings` and `idle` (what the desktop says), `sinks`, `words`, `keys`,
  `unanswered`, `keeping` and `backlog` (the history), `remembering` (what outlives a restart), `backoff`, `status`.
- From a command to a running monitor: `session` and `assembling` put it together, `app` runs it, `background`,
  `autostart` and `instance` make it one of its user's programs; `commands` and `control` reach it; `tray` shows it;
  `pause_text` reads how long a pause is, `traces` lists and removes what was stored.

Times in seconds end in `_s`: with "wall" since 1970, else of the monitor's own clock, which goes on evenly when the
system's is set otherwise.
"""
