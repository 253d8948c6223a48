"""What a comparison has to cite, as BibTeX: only what was used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from wmsim._version import __version__

# Kind of entry and its fields.
ENTRIES: dict[str, tuple[str, dict[str, str]]] = {
    "lei2024": ("inproceedings", {
        "author": "Lei, Xiaoxuan and Ito, Takuya and Bashivan, Pouya",
        "title": "Geometry of naturalistic object representations in recurrent neural network "
        "models of working memory",
        "booktitle": "Advances in Neural Information Processing Systems",
        "volume": "37", "year": "2024",
    }),
    "vandenbosch2025": ("article", {
        "author": "van den Bosch, Jasper J. F. and others",
        "title": "A {Python} toolbox for representational similarity analysis",
        "journal": "bioRxiv", "year": "2025", "doi": "10.1101/2025.05.22.655542",
    }),
    "walther2016": ("article", {
        "author": "Walther, Alexander and Nili, Hamed and Ejaz, Naveed and Alink, Arjen and "
        "Kriegeskorte, Nikolaus and Diedrichsen, J{\\\"o}rn",
        "title": "Reliability of dissimilarity measures for multi-voxel pattern analysis",
        "journal": "NeuroImage", "volume": "137", "pages": "188--200", "year": "2016",
        "doi": "10.1016/j.neuroimage.2015.12.012",
    }),
    "kline2020": ("article", {
        "author": "Kline, Patrick and Saggio, Raffaele and S{\\o}lvsten, Mikkel",
        "title": "Leave-out estimation of variance components",
        "journal": "Econometrica", "volume": "88", "pages": "1859--1898", "year": "2020",
        "doi": "10.3982/ECTA16410",
    }),
    "schuett2023": ("article", {
        "author": "Sch{\\\"u}tt, Heiko H. and Kipnis, Alexander D. and Diedrichsen, J{\\\"o}rn and "
        "Kriegeskorte, Nikolaus",
        "title": "Statistical inference on representational geometries",
        "journal": "eLife", "volume": "12", "pages": "e82566", "year": "2023",
        "doi": "10.7554/eLife.82566",
    }),
    "holm1979": ("article", {
        "author": "Holm, Sture",
        "title": "A simple sequentially rejective multiple test procedure",
        "journal": "Scandinavian Journal of Statistics", "volume": "6", "pages": "65--70",
        "year": "1979",
    }),
    "kornblith2019": ("inproceedings", {
        "author": "Kornblith, Simon and Norouzi, Mohammad and Lee, Honglak and Hinton, Geoffrey",
        "title": "Similarity of neural network representations revisited",
        "booktitle": "International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research", "volume": "97",
        "pages": "3519--3529", "year": "2019",
    }),
    "song2012": ("article", {
        "author": "Song, Le and Smola, Alex and Gretton, Arthur and Bedo, Justin and Borgwardt, "
        "Karsten",
        "title": "Feature selection via dependence maximization",
        "journal": "Journal of Machine Learning Research", "volume": "13",
        "pages": "1393--1434", "year": "2012",
    }),
    "murphy2024": ("misc", {
        "author": "Murphy, Alex and Zylberberg, Joel and Fyshe, Alona",
        "title": "Correcting biased centered kernel alignment measures in biological and "
        "artificial neural networks",
        "year": "2024", "doi": "10.48550/arXiv.2405.01012",
    }),
    "williams2021": ("inproceedings", {
        "author": "Williams, Alex H. and Kunz, Erin and Kornblith, Simon and Linderman, Scott W.",
        "title": "Generalized shape metrics on neural representations",
        "booktitle": "Advances in Neural Information Processing Systems",
        "volume": "34", "pages": "4738--4750", "year": "2021",
    }),
    "hotelling1936": ("article", {
        "author": "Hotelling, Harold", "title": "Relations between two sets of variates",
        "journal": "Biometrika", "volume": "28", "pages": "321--377", "year": "1936",
        "doi": "10.1093/biomet/28.3-4.321",
    }),
    "schrimpf2020": ("article", {
        "author": "Schrimpf, Martin and others",
        "title": "Integrative benchmarking to advance neurally mechanistic models of human "
        "intelligence",
        "journal": "Neuron", "volume": "108", "pages": "413--423", "year": "2020",
        "doi": "10.1016/j.neuron.2020.07.040",
    }),
    "wood2010": ("article", {
        "author": "Wood, Simon N.",
        "title": "Statistical inference for noisy nonlinear ecological dynamic systems",
        "journal": "Nature", "volume": "466", "pages": "1102--1104", "year": "2010",
        "doi": "10.1038/nature09319",
    }),
}  # fmt: skip
ALWAYS = ("lei2024", "kline2020", "holm1979")
OF_SCORES = {
    "rsa": ("walther2016",),
    "cka": ("kornblith2019", "song2012", "murphy2024"),
    "shape": ("williams2021",),
    "cca": ("hotelling1936",),
    "ridge": ("schrimpf2020",),
    "pls": ("schrimpf2020",),
    "verdict": ("wood2010",),
}
TOOLBOX, CROSSED = ("vandenbosch2025",), ("schuett2023",)


def bibtex(
    scores: Iterable[str], *, toolbox: bool, crossed: bool, recordings: Sequence[str] = ()
) -> str:
    """References of a comparison.

    Parameters
    ----------
    scores : iterable of str
        That were computed.
    toolbox : bool
        Whether rsatoolbox had a part.
    crossed : bool
        Whether brains and stimuli were resampled together.
    recordings : sequence of str
        What recordings say that they come from.

    Returns
    -------
    str
        BibTeX.

    Examples
    --------
    >>> text = bibtex(["shape"], toolbox=False, crossed=False, recordings=["A, B (2001). C & D."])
    >>> [line for line in text.splitlines() if line.startswith("@")][-3:]
    ['@inproceedings{williams2021,', '@software{wmsim,', '@misc{recording1,']
    >>> "C \\\\& D" in text
    True
    """
    keys = [*ALWAYS, *(key for score in scores for key in OF_SCORES.get(score, ()))]
    keys += (*(TOOLBOX * toolbox), *(CROSSED * crossed))
    entries = [_entry(*ENTRIES[key], key=key) for key in dict.fromkeys(keys)]
    own = {
        "author": "{The wmsim developers}",
        "title": "wmsim: recurrent networks as subjects of working-memory experiments, analysed "
        "like neural recordings",
        "version": __version__,
    }
    entries.append(_entry("software", own, key="wmsim"))
    for number, text in enumerate(dict.fromkeys(one for one in recordings if one), start=1):
        entries.append(_entry("misc", _recorded(text), key=f"recording{number}"))
    return "\n\n".join(entries) + "\n"


def _entry(kind: str, fields: dict[str, str], *, key: str) -> str:
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@{kind}{{{key},\n{lines}}}"


def _recorded(text: str) -> dict[str, str]:
    """A recording's own reference, as it stands; LaTeX's characters escaped."""
    # Braces that do not pair would break the file.
    plain = " ".join(text.replace("{", "(").replace("}", ")").replace("\\", "/").split())
    found = {"title": "Recording", "note": re.sub(r"([&%$#_])", r"\\\1", plain)}
    doi = re.search(r"10\.\d{4,9}/[^\s,;)\]]+", text)
    return found | ({"doi": doi[0].rstrip(".")} if doi else {})
