"""What stampers tell (`stamp.observer`), as metrics of Prometheus and OpenTelemetry, and as a log.

Labels are the few values that an event has: the system, the scheme, the format, how it ended.
Sizes and ids would make a time series of every picture.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from provenance.errors import ConfigError
from provenance.stamp import StampEvent

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from prometheus_client import CollectorRegistry, Counter, Histogram

#: Upper bounds in seconds.
_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LABELS: Final = ("system", "scheme", "format", "outcome", "code")


def _labels(event: StampEvent) -> dict[str, str]:
    """The values of `_LABELS`; the code is empty where nothing failed."""
    return {
        "system": event.system,
        "scheme": event.scheme,
        "format": event.format,
        "outcome": event.outcome.value,
        "code": event.code.value if event.code else "",
    }


# --- Prometheus ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Instruments:
    """The metrics of one registry of Prometheus."""

    stamps: Counter
    seconds: Histogram
    stages: Histogram


_BY_REGISTRY: Final[WeakKeyDictionary[CollectorRegistry, _Instruments]] = WeakKeyDictionary()


class PrometheusObserver:
    """Counts stamps and their seconds in Prometheus; needs the extra `metrics`.

    - `provenance_stamps_total{system, scheme, format, outcome, code}`
    - `provenance_stamp_seconds{system, scheme, format, outcome, code}`: from call to end
    - `provenance_stamp_stage_seconds{stage, format}`

    Several observers of one registry count together. One of the default registry can be pickled:
    it then counts in the registry of the process that it comes to.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Register the metrics, once.

        Args:
            registry: of the metrics; None for the default one of the process.

        Raises:
            ConfigError: prometheus-client is not installed.
        """
        self._registry = registry
        self._instruments = _instruments(registry)

    def observe(self, event: StampEvent) -> None:
        """Count it."""
        labels = _labels(event)
        self._instruments.stamps.labels(**labels).inc()
        self._instruments.seconds.labels(**labels).observe(event.total_seconds)
        for stage, seconds in event.seconds.items():
            self._instruments.stages.labels(stage.value, event.format).observe(seconds)

    def __reduce__(self) -> tuple[object, ...]:
        if self._registry is not None:
            raise ConfigError(
                "a PrometheusObserver with a registry of its own cannot be pickled",
                hint="make one in each process",
            )
        return (PrometheusObserver, ())


def _instruments(registry: CollectorRegistry | None) -> _Instruments:
    try:
        from prometheus_client import REGISTRY, Counter, Histogram
    except ImportError as error:
        raise _missing("metrics in Prometheus need prometheus-client", "metrics") from error
    home = REGISTRY if registry is None else registry
    if home not in _BY_REGISTRY:
        _BY_REGISTRY[home] = _Instruments(
            Counter("provenance_stamps", "Stamps that are over.", _LABELS, registry=home),
            Histogram(
                "provenance_stamp_seconds",
                "Wall time of a stamp.",
                _LABELS,
                registry=home,
                buckets=_BUCKETS,
            ),
            Histogram(
                "provenance_stamp_stage_seconds",
                "Wall time of a stage of a stamp.",
                ("stage", "format"),
                registry=home,
                buckets=_BUCKETS,
            ),
        )
    return _BY_REGISTRY[home]


# --- OpenTelemetry ---------------------------------------------------------------------------


class OpenTelemetryObserver:
    """Counts stamps and their seconds in OpenTelemetry; needs the extra `otel`.

    The same metrics as `PrometheusObserver`, named `provenance.stamps`,
    `provenance.stamp.duration` and `provenance.stamp.stage.duration`. What becomes of them is
    decided by the SDK that the program has set up; without one they go nowhere.
    """

    def __init__(self, provider: MeterProvider | None = None) -> None:
        """Make the instruments.

        Args:
            provider: of the meter; None for the one of the process.

        Raises:
            ConfigError: opentelemetry-api is not installed.
        """
        try:
            from opentelemetry import metrics
        except ImportError as error:
            raise _missing("metrics in OpenTelemetry need opentelemetry-api", "otel") from error
        self._provider = provider
        meter = metrics.get_meter("provenance", meter_provider=provider)
        self._stamps = meter.create_counter(
            "provenance.stamps", unit="{stamp}", description="Stamps that are over."
        )
        self._seconds = meter.create_histogram(
            "provenance.stamp.duration", unit="s", description="Wall time of a stamp."
        )
        self._stages = meter.create_histogram(
            "provenance.stamp.stage.duration",
            unit="s",
            description="Wall time of a stage of a stamp.",
        )

    def observe(self, event: StampEvent) -> None:
        """Count it."""
        labels = _labels(event)
        self._stamps.add(1, labels)
        self._seconds.record(event.total_seconds, labels)
        for stage, seconds in event.seconds.items():
            self._stages.record(seconds, {"stage": stage.value, "format": event.format})

    def __reduce__(self) -> tuple[object, ...]:
        if self._provider is not None:
            raise ConfigError(
                "an OpenTelemetryObserver with a provider of its own cannot be pickled",
                hint="make one in each process",
            )
        return (OpenTelemetryObserver, ())


# --- logs --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogObserver:
    """Logs one line for each stamp, as `key=value` and, for structured logs, in the record.

    A failure is a warning, everything else is information.

    Attributes:
        logger: name of the logger. Its records have the attributes `stamp_system`,
            `stamp_outcome` and so on, and `stamp_stage_seconds`, a dictionary.
    """

    logger: str = "provenance.stamps"

    def observe(self, event: StampEvent) -> None:
        """Log it."""
        values: dict[str, object] = {
            **_labels(event),
            "width": event.width,
            "height": event.height,
            "seconds": round(event.total_seconds, 4),
        }
        stages = {stage.value: round(seconds, 4) for stage, seconds in event.seconds.items()}
        text = " ".join(f"{key}={value!s}" for key, value in values.items() if value != "")
        extra = {f"stamp_{key}": value for key, value in values.items()}
        level = logging.WARNING if event.code else logging.INFO
        logging.getLogger(self.logger).log(
            level, "stamp %s", text, extra=extra | {"stamp_stage_seconds": stages}
        )


def _missing(what: str, extra: str) -> ConfigError:
    return ConfigError(what, hint=f"pip install 'provenance[{extra}]'")
