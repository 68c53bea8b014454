"""Profiles: a baseline with its origin and quality, as one readable file per person, desk and camera."""
