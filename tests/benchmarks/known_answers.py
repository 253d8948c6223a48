"""Is a model recognised in a noisy, rotated, subsampled copy of itself?

    python tests/benchmarks/known_answers.py --models A.nc B.nc --again A2.nc B2.nc --draws 100

Models are recordings of trained networks; ``--again`` are further recordings of the same networks,
in the same order, on other trials. In each draw a "brain" is made of one of the latter: its units
rotated at random, some drawn, trials drawn, noise added. Every model is compared with it. Printed
for each score: how often the brain's own network comes first, and how its score lies to the
ceiling and the floor. Without files, networks are planted.
"""

import argparse
import time

import joblib
import numpy as np
import xarray as xr

from wmsim.compare.config import CompareConfig
from wmsim.compare.run import compare
from wmsim.hypotheses import plant
from wmsim.pipeline import AnalysisConfig
from wmsim.recordings import open_recording, subset


def planted(seed: int, again: int) -> xr.Dataset:
    """A network that differs from others in its codes alone."""
    made = plant(
        hypothesis="H2", n_units=128, n_trials=300, n_items=4, n_values=8, dimension=4,
        signal=20.0, noise_in_time=0.0, seed=seed,
    )  # fmt: skip
    rng = np.random.default_rng([seed, again])
    return made.isel(trial=np.sort(rng.choice(300, 200, replace=False)))


def read(path: str) -> xr.Dataset:
    """Hidden units of a recording."""
    with open_recording(path) as recording:
        kinds = set(recording["kind"].values.tolist()) if "kind" in recording else set()
        hidden = subset(recording, kind="hidden") if "hidden" in kinds else recording
        return hidden.load()


def copied(
    recording: xr.Dataset, *, units: int, trials: int, noise: float, rng: np.random.Generator
) -> xr.Dataset:
    """A brain made of a network: rotated, subsampled, noisy (in SDs of the mean unit)."""
    chosen = np.sort(rng.choice(recording.sizes["trial"], trials, replace=False))
    part = recording.isel(trial=chosen)
    activity = part["activity"].transpose("time", "trial", "unit").values.astype(float)
    turn = np.linalg.qr(rng.standard_normal((activity.shape[2],) * 2))[0][:, :units]
    turned = activity @ turn
    turned += noise * turned.std(axis=(0, 1)).mean() * rng.standard_normal(turned.shape)
    brain = part.isel(unit=np.arange(units)).copy()
    brain["activity"] = (("time", "unit", "trial"), turned.transpose(0, 2, 1).astype(np.float32))
    brain["activity"].attrs = recording["activity"].attrs
    brain.attrs["source"] = "planted"
    return brain


def one_draw(draw: int, models: dict, again: list, options: argparse.Namespace) -> dict:
    """Scores of all models, the ceiling and the floor, in one draw."""
    rng = np.random.default_rng([options.seed, draw])
    own = draw % len(models)
    size = {"units": options.units, "trials": options.trials, "noise": options.noise}
    brain = copied(again[own], **size, rng=rng)
    config = CompareConfig(
        analysis=AnalysisConfig(features=(options.feature,)), scores=tuple(options.scores),
        halvings=options.halvings, shuffles=0, bootstrap=0, seed=draw,
    )  # fmt: skip
    found = compare(models, {"copy": brain}, config, n_jobs=1).sel(step="all").isel(brain=0)
    values, ceilings = found["value"].values, found["ceiling"].values
    return {
        str(score): (values[:, n], ceilings[n], own)
        for n, score in enumerate(found["score"].values)
    }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=[])
    parser.add_argument("--again", nargs="*", default=[])
    parser.add_argument("--feature", default="identity")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--units", type=int, default=60)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--halvings", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scores", nargs="*", default=["rsa", "tensor", "cka", "shape", "cca"])
    options = parser.parse_args()
    if options.models:
        models = {path: read(path) for path in options.models}
        again = [read(path) for path in options.again]
    else:
        options.feature = "image"
        models = {f"network {n}": planted(n, 0) for n in range(10)}
        again = [planted(n, 1) for n in range(10)]
    start = time.perf_counter()
    draws = joblib.Parallel(n_jobs=2)(
        joblib.delayed(one_draw)(draw, models, again, options) for draw in range(options.draws)
    )
    print(f"{len(models)} models, {options.draws} draws, {time.perf_counter() - start:.0f} s")
    for score in draws[0]:
        values = np.array([draw[score][0] for draw in draws])
        ceilings = np.array([draw[score][1] for draw in draws])
        owns = np.array([draw[score][2] for draw in draws])
        right = values[np.arange(len(draws)), owns]
        first = (values >= right[:, None]).sum(axis=1) == 1
        others = np.where(np.arange(len(models)) == owns[:, None], np.nan, values)
        reached = (right >= ceilings).mean()
        print(
            f"{score:18s} first in {first.sum():3d} of {len(draws)}; own {np.nanmean(right):.3f}, "
            f"best other {np.nanmean(np.nanmax(others, axis=1)):.3f}, ceiling "
            f"{np.nanmean(ceilings):.3f}; own >= ceiling in {reached:.0%}"
        )


if __name__ == "__main__":
    main()
