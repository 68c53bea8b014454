"""Landmarks that other programs made -> a landmark recording, with what is missing said."""
