"""The measurement behind figures 3b and A3: angles between decoders in two spaces."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from wmsim.figures.paper_orthogonality import orthogonality_by_architecture
from wmsim.pipeline import compare_orthogonality
from wmsim.recordings import subset
from wmsim.recordings.perceptual import record_perceptual
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import mtmf_kinds, name_of
from wmsim.reproduce.study import Study

AS_IS, REDUCED = "as is", "PCA 10"
DIMENSIONS, PERMUTATIONS = (10,), 10
PER_TASK = ("index", "null_mean", "excess", "difference", "null_difference", "excess_difference")


def angles_of(study: Study, kind: Kind) -> xr.Dataset:
    """Orthogonalisation of perceptual and encoding space of all subjects of a kind.

    Returns
    -------
    xarray.Dataset
        Means over tasks of what :func:`wmsim.pipeline.compare_orthogonality` gives: ``index``,
        ``null_mean`` (of permuted labels), ``excess`` (subject, space, feature, reduction), the
        differences perceptual less encoding (subject, feature, reduction), and ``t_pooled``,
        ``t_pooled_p``: the paper's two-sample test over resamples.
    """

    def compute(seed: int) -> xr.Dataset:
        config = study.config.analysis.changed(folds=4, permutations=PERMUTATIONS, bootstrap=0)
        with study.recording(kind, seed) as recording:
            encoding = subset(recording, kind="hidden").isel(item=[0], time=[0]).load()
        perceptual = record_perceptual(study.perception(kind.variant), encoding)
        found = compare_orthogonality(perceptual, encoding, dimensions=DIMENSIONS, config=config)
        kept = found[[*PER_TASK, "t_pooled", "t_pooled_p", "n_values"]]
        kept = kept.sel(null="permuted labels", drop=True)
        return kept.mean("task").assign_attrs(found.attrs)

    return study.measured("orthogonality", kind, compute)


def measure(study: Study) -> xr.Dataset:
    """All architectures, dims (architecture, subject, ...)."""
    kinds = mtmf_kinds(study.config)
    along = xr.Variable("architecture", [kind.architecture for kind in kinds])
    return xr.concat(
        [angles_of(study, kind) for kind in kinds], along, data_vars="all", join="outer",
        combine_attrs="override",
    )  # fmt: skip


def claims(found: xr.Dataset, reduction: str, where: str) -> list[Claim]:
    """Networks de-orthogonalise features, more than dimension alone would."""
    result = []
    for architecture in found["architecture"].values.tolist():
        one = found.sel(architecture=architecture, reduction=reduction)
        t, p = (float(one[name].mean()) for name in ("t_pooled", "t_pooled_p"))
        null = float(np.nanmean(one["null_difference"].values))
        paper_test = (
            f"The paper's two-sample t-test over resamples, mean over subjects and features: "
            f"t {t:.1f}, p {p:.2g}; resamples of the same trials are not independent."
        )
        result += [
            Claim(
                f"{name_of(architecture)}: features are less orthogonal in the network than in the "
                f"perceptual space ({where})",
                f"orthogonalisation index, perceptual minus encoding, {reduction}, mean over "
                "features and tasks",
                one["difference"].mean("feature").values, at_least=0.0,
                note=f"{paper_test} Permuted labels alone give a difference of {null:.3f}.",
            ),
            Claim(
                f"{name_of(architecture)}: the same beyond what dimension alone does (ours, for "
                f"{where})",
                "orthogonalisation index less its mean under permuted labels, perceptual minus "
                f"encoding, {reduction}, mean over features and tasks",
                one["excess_difference"].mean("feature").values, at_least=0.0,
                note="Not a claim of the paper: the control that its comparison needs.",
            ),
        ]  # fmt: skip
    return result


def angles_figure(name: str, title: str, *, reduction: str, told: str, where: str) -> Figure:
    """The figure of one reduction; several share the measurement.

    Parameters
    ----------
    name, title : str
        Its own.
    reduction : str
        :data:`AS_IS` or :data:`REDUCED`.
    told : str
        The same for the caption.
    where : str
        Section and figure of the paper, for its claims.
    """

    def draw(found: xr.Dataset, path_stem: Path) -> list[Path]:
        return orthogonality_by_architecture(found, reduction, path_stem)

    return Figure(
        name=name,
        title=title,
        caption="Orthogonalisation index of the decoders of each feature in the encoder's output "
        f"and in E(1,1), {told}, mean over tasks; small points: "
        "subjects, large points and lines: mean and 95 % interval over subjects. Grey: mean under "
        "permuted labels, which the dimension of a space drives towards a simplex (dotted).",
        kinds=mtmf_kinds,
        measure=measure,
        claims=partial(claims, reduction=reduction, where=where),
        draw=draw,
    )
