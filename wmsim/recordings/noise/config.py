"""Settings of what an electrode would see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import xarray as xr
from pydantic import Field, field_validator, model_validator

from wmsim.config import Config

MIN_FANO = 0.2
SPREAD_DIMENSIONS = 8


class NoiseConfig(Config):
    """How a model's activity is turned into what an electrode would see.

    Every default is that of a clean electrode: Poisson spikes, no correlation, no loss.

    Attributes
    ----------
    units : int, optional
        Units that the electrode finds, drawn without replacement; None: all.
    trials : int, optional
        Trials that are kept, drawn without replacement; None: all.
    trial_loss : float
        Share of trials that are dropped after that (rounded to whole trials).
    unit_loss : float
        Mean share of trials that a unit misses (NaN), because it came late or was lost: one run
        of trials at the beginning or end. Makes trials unequal between units.
    rates : tuple of float, optional
        Mean rates in spikes/s to draw from, each used once before any is used again.
        None: log-normal.
    rate_median, rate_spread : float
        Median in spikes/s, and standard deviation of the natural logarithm, of log-normal mean
        rates (Buzsaki & Mizuseki 2014, doi:10.1038/nrn3687). Without `rates` only.
    modulation : float
        How much rates vary about their mean over steps and trials: their coefficient of
        variation, root mean square over units, before rates below 0 are cut off.
    signal : float
        Multiplies `modulation`. 1.0 leaves it as it is: after
        :func:`~wmsim.recordings.noise.noise_like` that means that the item on display is coded
        with the signal-to-noise ratio of the target's population. 0 is noise only.
    nonlinearity : {"affine", "exponential"}
        How activity a becomes rate: mean * max(0, 1 + modulation * a), or
        mean * exp(a * sqrt(log(1 + modulation**2))), a centred for each unit, scaled for
        all alike; either is scaled so that the mean over steps and trials is exact.
    window, delay_window : float
        Seconds in which spikes are counted at a step, and at steps without an item
        (maintenance; None: the same). Recordings in seconds have the width of their bins.
    fano : float
        Variance of counts over their mean, given the rate: 1 is Poisson; above, the gain of a
        unit varies from trial to trial (negative binomial); below, spiking is regular (binomial).
    noise_correlation : float
        Mean correlation of the counts of two units, given their rates.
    correlation_spread : float
        Standard deviation over pairs of units of that correlation (in the normal variables behind
        the counts), made of 8 further shared dimensions.
    persistence : float
        Mean correlation of a unit's counts at two steps of a trial, given its rates: how much of
        its gain lasts through a trial.
    as_counts : bool
        Leave counts ("spikes") instead of rates ("spikes/s").

    Examples
    --------
    >>> NoiseConfig(units=60, fano=1.5).signal
    1.0
    >>> NoiseConfig(fanno=2)
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: NoiseConfig: unknown setting 'fanno'. Did you mean 'fano'? ...
    """

    units: int | None = Field(default=None, ge=1)
    trials: int | None = Field(default=None, ge=1)
    trial_loss: float = Field(default=0.0, ge=0, lt=1)
    unit_loss: float = Field(default=0.0, ge=0, le=0.9)
    rates: tuple[float, ...] | None = None
    rate_median: float = Field(default=3.0, gt=0, le=1000, allow_inf_nan=False)
    rate_spread: float = Field(default=1.0, ge=0, le=3)
    modulation: float = Field(default=0.5, ge=0, le=20)
    signal: float = Field(default=1.0, ge=0, le=100)
    nonlinearity: Literal["affine", "exponential"] = "affine"
    window: float = Field(default=0.6, gt=0, le=1e4)
    delay_window: float | None = Field(default=None, gt=0, le=1e4)
    fano: float = Field(default=1.0, ge=MIN_FANO, le=20)
    noise_correlation: float = Field(default=0.0, ge=0, le=0.9)
    correlation_spread: float = Field(default=0.0, ge=0, le=0.3)
    persistence: float = Field(default=0.0, ge=0, le=0.95)
    as_counts: bool = False

    @field_validator("rates")
    @classmethod
    def _are_rates(cls, rates: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if rates is None:
            return None
        wrong = [rate for rate in rates if not 0 <= rate <= 1000]
        if wrong or not any(rates):
            found = f"found {wrong[0]}" if wrong else f"found {len(rates)} rates, none above 0"
            raise ValueError(f"{found}, expected mean rates from 0 to 1000 spikes/s")
        return rates

    @model_validator(mode="after")
    def _has_room(self) -> NoiseConfig:
        if self.correlation_spread and self.noise_correlation + self._extra() > 0.95:
            raise ValueError(
                f"noise_correlation {self.noise_correlation:g} and correlation_spread "
                f"{self.correlation_spread:g} leave no room for a unit's own variability: "
                f"noise_correlation + {SPREAD_DIMENSIONS**0.5:.2f} * correlation_spread must be "
                "0.95 at most"
            )
        return self

    def _extra(self) -> float:
        return self.correlation_spread * SPREAD_DIMENSIONS**0.5

    @classmethod
    def from_recording(
        cls,
        target: xr.Dataset,
        *,
        features: Sequence[str] | None = None,
        window: float | None = None,
        delay_window: float | None = None,
    ) -> NoiseConfig:
        """Settings that a recording of spikes has, as an experimenter measures them.

        All variability within a condition counts as noise, also what a model would bring with
        it; :func:`~wmsim.recordings.noise.noise_like` takes that into account, and is what to use
        for a model that is to look like the recording.

        Parameters
        ----------
        target : xarray.Dataset
            A recording of spikes; aligned with default windows if it is continuous.
        features : sequence of str, optional
            Features whose labels make the conditions.
        window, delay_window : float, optional
            Seconds in which spikes were counted, if the recording does not say.

        Returns
        -------
        NoiseConfig

        Raises
        ------
        WmsimError
            As :func:`~wmsim.recordings.noise.measure_noise`.
        """
        from wmsim.recordings.noise.measure import measure_noise

        found = measure_noise(target, features=features, window=window, delay_window=delay_window)
        correlation = min(max(found.noise_correlation, 0.0), 0.9)
        return cls(
            units=found.n_units,
            trials=found.n_trials,
            unit_loss=min(found.missing, 0.9),
            rates=found.rates,
            modulation=min(found.modulation, 20.0),
            window=found.window,
            delay_window=found.delay_window,
            fano=min(max(found.fano, MIN_FANO), 20.0),
            noise_correlation=correlation,
            correlation_spread=largest_spread(correlation, found.correlation_spread),
            persistence=min(max(found.persistence, 0.0), 0.95),
        )


def largest_spread(correlation: float, wanted: float) -> float:
    """The wanted spread of correlations, or what there is room for."""
    return max(0.0, min(wanted, 0.3, (0.95 - correlation) / SPREAD_DIMENSIONS**0.5))


def noise_summary(config: NoiseConfig) -> str:
    """Say in a few lines what an electrode with these settings sees.

    Parameters
    ----------
    config : NoiseConfig
        Settings.

    Returns
    -------
    str

    Examples
    --------
    >>> print(noise_summary(NoiseConfig(units=60, fano=1.5, trial_loss=0.1)))
    units: 60, drawn at random
    trials: all, then 10% dropped
    mean rates: log-normal, median 3 spikes/s, 68% between 1.1 and 8.15
    modulation: rates vary by 0.5 of their mean (affine; signal 1)
    counting: 0.6 s a step
    spiking: variance 1.5 times the mean (gain varies, negative binomial)
    shared: none; through a trial: none
    activity: spikes/s
    """
    return "\n".join(
        f"{name}: {text}"
        for name, text in (
            ("units", f"{config.units}, drawn at random" if config.units else "all"),
            ("trials", _trials(config)),
            ("mean rates", _rates(config)),
            (
                "modulation",
                f"rates vary by {config.modulation * config.signal:.3g} of their mean "
                f"({config.nonlinearity}; signal {config.signal:g})",
            ),
            ("counting", _counting(config)),
            ("spiking", f"variance {config.fano:.3g} times the mean ({_spiking(config.fano)})"),
            ("shared", _shared(config)),
            ("activity", "spikes (counts)" if config.as_counts else "spikes/s"),
        )
    )


def _trials(config: NoiseConfig) -> str:
    text = f"{config.trials}, drawn at random" if config.trials else "all"
    if config.trial_loss:
        text += f", then {config.trial_loss:.0%} dropped"
    if config.unit_loss:
        text += f"; a unit misses {config.unit_loss:.0%} of them on average"
    return text


def _rates(config: NoiseConfig) -> str:
    if config.rates is not None:
        ordered = sorted(config.rates)
        middle = ordered[len(ordered) // 2]
        return (
            f"drawn from {len(ordered)}, {ordered[0]:.3g} to {ordered[-1]:.3g} spikes/s, "
            f"median {middle:.3g}"
        )
    factor = 2.718281828459045**config.rate_spread
    return (
        f"log-normal, median {config.rate_median:.3g} spikes/s, 68% between "
        f"{config.rate_median / factor:.3g} and {config.rate_median * factor:.3g}"
    )


def _counting(config: NoiseConfig) -> str:
    if config.delay_window is None or config.delay_window == config.window:
        return f"{config.window:g} s a step"
    return f"{config.window:g} s a step, {config.delay_window:g} s where no item is shown"


def _spiking(fano: float) -> str:
    if fano == 1:
        return "Poisson"
    return "gain varies, negative binomial" if fano > 1 else "regular, binomial"


def _shared(config: NoiseConfig) -> str:
    text = "none"
    if config.noise_correlation or config.correlation_spread:
        text = f"counts of two units correlate by {config.noise_correlation:.3g}"
        if config.correlation_spread:
            text += f" (spread {config.correlation_spread:.3g})"
    lasting = f"correlation {config.persistence:.3g}" if config.persistence else "none"
    return f"{text}; through a trial: {lasting}"
