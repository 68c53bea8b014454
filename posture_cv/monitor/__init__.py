"""The background program: one loop around camera, models and engine, and what surrounds it on a desktop."""
