"""Where every exposure measure comes from, as data: the docstrings, the tables and the pages quote it by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Source:
    """A published source.

    Attributes:
        key: short name used in tables.
        short: as cited in running text.
        reference: the full reference.
        doi: digital object identifier, empty where there is none.
    """

    key: str
    short: str
    reference: str
    doi: str = ""


_ALL: Final = (
    Source(
        "rula",
        "McAtamney & Corlett 1993",
        "McAtamney L, Corlett EN. RULA: a survey method for the investigation of work-related upper limb "
        "disorders. Applied Ergonomics 1993;24(2):91-99.",
        "10.1016/0003-6870(93)90080-S",
    ),
    Source(
        "reba",
        "Hignett & McAtamney 2000",
        "Hignett S, McAtamney L. Rapid Entire Body Assessment (REBA). Applied Ergonomics 2000;31(2):201-205.",
        "10.1016/S0003-6870(99)00039-3",
    ),
    Source(
        "iso11226",
        "ISO 11226:2000",
        "ISO 11226:2000. Ergonomics - Evaluation of static working postures. International Organization for "
        "Standardization.",
    ),
    Source(
        "apdf",
        "Jonsson 1982",
        "Jonsson B. Measurement and evaluation of local muscular strain in the shoulder during constrained "
        "work. Journal of Human Ergology 1982;11(1):73-88. (There for muscle load; here for angles.)",
        "10.11183/jhe1972.11.73",
    ),
    Source(
        "shifts",
        "Akkarakittichoke 2023",
        "Akkarakittichoke N, et al. 2023, posture shifts while sitting: 30 an hour did better than 10 at neck and "
        "shoulder, 20 to 30 at the back.",
        "10.1016/j.jmpt.2023.06.003",
    ),
    Source(
        "block_bootstrap",
        "Künsch 1989; Politis & Romano 1992",
        "Künsch HR. The jackknife and the bootstrap for general stationary observations. Annals of Statistics "
        "1989;17(3):1217-1241. Politis DN, Romano JP. A circular block-resampling procedure for stationary data. "
        "In: Exploring the Limits of Bootstrap, Wiley 1992:263-270.",
        "10.1214/aos/1176347265",
    ),
    Source(
        "block_length",
        "Politis & White 2004; Patton et al. 2009",
        "Politis DN, White H. Automatic block-length selection for the dependent bootstrap. Econometric Reviews "
        "2004;23(1):53-70. Correction: Patton A, Politis DN, White H. 2009;28(4):372-375.",
        "10.1081/ETC-120028836",
    ),
    Source(
        "agreement",
        "Bland & Altman 1986",
        "Bland JM, Altman DG. Statistical methods for assessing agreement between two methods of clinical "
        "measurement. Lancet 1986;327:307-310.",
        "10.1016/S0140-6736(86)90837-8",
    ),
    Source("ours", "ours", "A definition of this program; it stands in the notes of the measure."),
)

SOURCES: Final[Mapping[str, Source]] = MappingProxyType({s.key: s for s in _ALL})
