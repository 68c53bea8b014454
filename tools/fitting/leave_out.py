"""Coefficients that were fitted without some people, so that these can be judged by them."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from fitting.material import Truth
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.block_model import block_model
from posture_cv.measure.front_arrays import front_model

READERS: Final = {"front": front_model, "side": block_model}


def coefficients_without(
    view: str, lm: Landmarks, truth: Truth, people: Collection[str]
) -> Mapping[str, Any]:
    """The shipped coefficients, those of one view fitted anew without some people.

    The shipped fits also learn from very many rendered people, the side's from jittered pictures, too; this one does
    not, so it is worse. Only the networks beside the side's processes are the shipped ones: they saw none of these
    people.

    Args:
        view: one of `READERS`.
        lm, truth: the training set, row by row.
        people: the subjects to leave out.
    """
    keep = ~np.isin(truth["subject"], list(people))
    fit = getattr(importlib.import_module(f"fitting.{view}"), f"fit_{view}")
    rest = lm[keep], {name: column[keep] for name, column in truth.items()}
    shipped = load_coefficients()
    if view == "side":
        networks = shipped["side"].networks
        arrays, _ = fit(*rest, networks=networks)
        return {**shipped, view: replace(block_model(arrays), networks=networks)}
    return {**shipped, view: READERS[view](fit(*rest)[0])}
