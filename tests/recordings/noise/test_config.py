"""Settings of noise: refused where they make no sense, told for a person."""

from __future__ import annotations

import pytest

from wmsim.errors import ConfigError
from wmsim.recordings.noise import NoiseConfig, noise_summary


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fanno": 1}, "unknown setting 'fanno'. Did you mean 'fano'"),
        ({"fano": 0.1}, "fano is 0.1: .*greater than or equal to 0.2"),
        ({"fano": float("nan")}, "fano is nan"),
        ({"units": 0}, "units is 0"),
        ({"trials": -1}, "trials is -1"),
        ({"trial_loss": 1.0}, "trial_loss is 1.0"),
        ({"unit_loss": 0.95}, "unit_loss is 0.95"),
        ({"rates": ()}, "rates is .*found 0 rates, none above 0"),
        ({"rates": (1.0, -2.0)}, "found -2.0, expected mean rates from 0 to 1000"),
        ({"rates": (float("nan"), 1.0)}, "rates.0 is nan: Input should be a finite number"),
        ({"rate_median": 0.0}, "rate_median is 0.0"),
        ({"rate_median": float("inf")}, "rate_median is inf"),
        ({"window": 0.0}, "window is 0.0"),
        ({"noise_correlation": 1.2}, "noise_correlation is 1.2"),
        ({"noise_correlation": -0.1}, "noise_correlation is -0.1"),
        ({"noise_correlation": 0.5, "correlation_spread": 0.2}, "leave no room"),
        ({"persistence": 1.0}, "persistence is 1.0"),
        ({"nonlinearity": "cubic"}, "nonlinearity is 'cubic'"),
        ({"signal": -1.0}, "signal is -1.0"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        NoiseConfig(**settings)


def test_summary_names_what_is_set():
    config = NoiseConfig(
        units=40, trials=200, trial_loss=0.1, unit_loss=0.2, rates=(1.0, 2.0, 4.0), fano=0.8,
        noise_correlation=0.05, correlation_spread=0.1, persistence=0.2, delay_window=2.4,
        signal=2.0, as_counts=True,
    )  # fmt: skip
    text = noise_summary(config)
    for part in (
        "40, drawn at random", "200, drawn at random, then 10% dropped", "misses 20%",
        "drawn from 3, 1 to 4 spikes/s, median 2", "vary by 1 of their mean", "signal 2",
        "2.4 s where no item is shown", "regular, binomial", "correlate by 0.05 (spread 0.1)",
        "correlation 0.2", "spikes (counts)",
    ):  # fmt: skip
        assert part in text
    assert "Poisson" in noise_summary(NoiseConfig())
