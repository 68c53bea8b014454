"""Profiles: a baseline with its origin and quality, as one readable file per person, desk and camera."""

from posture_cv.profiles.types import Profile, ProfileError, ProfileModel, ProfileQuality, ProfileSource

__all__ = ["Profile", "ProfileError", "ProfileModel", "ProfileQuality", "ProfileSource"]
