"""The tray: a program of its own that asks the running monitor over the control channel (extra: desktop)."""
