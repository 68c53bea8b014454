"""Fitting code of the estimators, one module a view; `tools/fit_estimators.py` calls it."""
