"""What runs while the package is built, never in the installed program: it makes the model bundles."""
