"""Seated people with known posture: bodies, poses, truth, cameras, pictures; for `tools/render_people.py`."""
