"""The owner-only control channel between the running monitor and the command line, the tray, or a script.

A request is one line of JSON, `{"verb": "pause", "args": {"until": 1700000000.0}}`; so is the answer,
`{"ok": true, ...}` or `{"ok": false, "error": {"title": …, "detail": …, "what_to_do": …}}`.
"""
