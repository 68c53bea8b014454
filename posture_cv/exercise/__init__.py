"""Guided exercises: what the camera saw of them, and what to do next. Pure: time is an argument."""
