"""Figure 4f: does a rotation take decoders of encoding to those of memory?"""

from __future__ import annotations

import numpy as np
import xarray as xr

from wmsim.figures.paper_memory import reconstruction_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.memory import (
    METRIC_NOTE,
    by_architecture,
    main_kind,
    mean_over_subjects,
    mtmf_kinds,
    name_of,
    per_subject,
)
from wmsim.reproduce.study import Study

GAP = 0.05
VARIABLES = (
    "fitted", "reconstructed", "random_rotation", "in_use", "executive", "age",
    "rotation_dimension", "shared_dimension",
)  # fmt: skip


def measure(study: Study) -> xr.Dataset:
    """Fitted and reconstructed decoders in each memory space, dims (architecture, subject, ...)."""
    found = by_architecture(study, mtmf_kinds(study.config), VARIABLES)
    return found.assign_attrs(shown_architecture=main_kind(study.config).architecture)


def claims(found: xr.Dataset) -> list[Claim]:
    """Reconstructed decoders are about as accurate as fitted ones."""
    result = []
    for row, architecture in enumerate(found["architecture"].values.tolist()):
        one = found.isel(architecture=row)
        fitted = one["fitted"].where(np.isfinite(one["reconstructed"]))
        gap = per_subject(fitted - one["reconstructed"])
        dimension = float(one["rotation_dimension"].mean())
        means = [mean_over_subjects(part) for part in (fitted, one["reconstructed"])]
        result.append(
            Claim(
                f"{name_of(architecture)}: a rotation takes decoders of encoding to those of "
                "memory at little loss (section 4.3, figure 4f)",
                "accuracy of fitted decoders minus that of decoders rotated by R(S,T), mean over "
                f"memory spaces in use, then over tasks ({METRIC_NOTE})",
                gap,
                at_most=GAP,
                note=f"The bound is ours: a loss of at most {GAP:.2f} is called small. Accuracies: "
                f"{means[0]:.3f} and {means[1]:.3f}; rotations are fitted to k normals in at most "
                f"k - 1 dimensions (here {dimension:.1f} on average), in training trials.",
            )
        )
    return result


FIGURE = Figure(
    name="fig4f",
    title="Fitted decoders, and decoders rotated from encoding",
    caption="Accuracy of decoders fitted to item S at step T (solid) and of the decoders of E(S,S) "
    "rotated by R(S,T) (dotted), as long as the item is of use; rows: features, columns: tasks. "
    "Bands: 95 % interval over subjects. Right: what rotating loses, by architecture; points: "
    "subjects, lines: 95 % interval. One-vs-rest balanced accuracy, chance .5 (dashed).",
    kinds=mtmf_kinds,
    measure=measure,
    claims=claims,
    draw=reconstruction_figure,
)
