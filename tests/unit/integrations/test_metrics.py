"""Events as metrics and as a log, with the real packages."""

from __future__ import annotations

import logging
import pickle
import sys
from dataclasses import replace

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from provenance import Generation
from provenance.errors import CapacityError, ConfigError, ErrorCode
from provenance.integrations.metrics import LogObserver, OpenTelemetryObserver, PrometheusObserver
from provenance.stamp import Outcome, Stage, StampEvent

LABELS = {"system": "acme", "scheme": "lattice-1", "format": "png", "outcome": "released"}
EVENT = StampEvent(
    outcome=Outcome.RELEASED,
    code=None,
    system="acme",
    scheme="lattice-1",
    format="png",
    width=640,
    height=480,
    seconds={Stage.DECODE: 0.25, Stage.MARK: 0.5},
)
FAILURE = replace(
    EVENT, outcome=Outcome.FAILED, code=ErrorCode.SIGNER, seconds={Stage.DECODE: 0.25}
)


def test_prometheus_counts_stamps_and_seconds():
    registry = CollectorRegistry()
    observers = PrometheusObserver(registry), PrometheusObserver(registry)
    for observer in observers:
        observer.observe(EVENT)
    observers[0].observe(FAILURE)
    value = registry.get_sample_value
    assert value("provenance_stamps_total", LABELS | {"code": ""}) == 2
    failed = LABELS | {"outcome": "failed", "code": "E_SIGNER"}
    assert value("provenance_stamps_total", failed) == 1
    assert value("provenance_stamp_seconds_sum", LABELS | {"code": ""}) == 1.5
    stage = {"stage": "mark", "format": "png"}
    assert value("provenance_stamp_stage_seconds_sum", stage) == 1.0


def test_prometheus_exposes_what_a_stamper_did(workspace, picture):
    registry = CollectorRegistry()
    stamper = replace(workspace.stamper(), observer=PrometheusObserver(registry))
    stamped = stamper.stamp(picture, Generation(model="acme-1"), account="alice")
    with pytest.raises(CapacityError):
        stamper.stamp(picture[:16, :16], Generation(model="acme-1"))
    text = generate_latest(registry).decode()
    assert 'code="E_LIMIT"' in text
    for stage in Stage:
        assert f'stage="{stage.value}"' in text
    for private in (stamped.record_id, str(stamped.mark_id), "alice", "acme-1"):
        assert private not in text


def test_a_prometheus_observer_counts_in_the_registry_of_its_process():
    pickle.loads(pickle.dumps(PrometheusObserver())).observe(EVENT)  # noqa: S301 - made here
    assert REGISTRY.get_sample_value("provenance_stamps_total", LABELS | {"code": ""}) == 1
    with pytest.raises(ConfigError, match="cannot be pickled"):
        pickle.dumps(PrometheusObserver(CollectorRegistry()))


def test_opentelemetry_gets_the_same():
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    observer = OpenTelemetryObserver(provider)
    observer.observe(EVENT)
    observer.observe(FAILURE)
    data = reader.get_metrics_data()
    metrics = {
        metric.name: metric.data.data_points
        for metric in data.resource_metrics[0].scope_metrics[0].metrics
    }
    stamps = {point.attributes["outcome"]: point.value for point in metrics["provenance.stamps"]}
    assert stamps == {"released": 1, "failed": 1}
    seconds = {p.attributes["outcome"]: p.sum for p in metrics["provenance.stamp.duration"]}
    assert seconds == {"released": 0.75, "failed": 0.25}
    stages = {p.attributes["stage"]: p.sum for p in metrics["provenance.stamp.stage.duration"]}
    assert stages == {"decode": 0.5, "mark": 0.5}
    with pytest.raises(ConfigError, match="cannot be pickled"):
        pickle.dumps(observer)
    provider.shutdown()


def test_opentelemetry_without_an_sdk_goes_nowhere():
    pickle.loads(pickle.dumps(OpenTelemetryObserver())).observe(EVENT)  # noqa: S301 - made here


@pytest.mark.parametrize(
    ("event", "level"), [(EVENT, logging.INFO), (FAILURE, logging.WARNING)], ids=["well", "failed"]
)
def test_the_log_has_a_line_and_its_parts(caplog, event, level):
    with caplog.at_level(logging.INFO, "provenance.stamps"):
        pickle.loads(pickle.dumps(LogObserver())).observe(event)  # noqa: S301 - made here
    (record,) = caplog.records
    assert record.levelno == level
    assert f"outcome={event.outcome.value}" in record.getMessage()
    assert "width=640 height=480" in record.getMessage()
    assert record.stamp_outcome == event.outcome.value
    assert record.stamp_code == (event.code or "")
    assert record.stamp_stage_seconds["decode"] == 0.25


@pytest.mark.parametrize(
    ("package", "observer", "extra"),
    [
        ("prometheus_client", PrometheusObserver, "metrics"),
        ("opentelemetry", OpenTelemetryObserver, "otel"),
    ],
    ids=["prometheus", "opentelemetry"],
)
def test_a_missing_package_is_named_with_the_extra(monkeypatch, package, observer, extra):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError) as caught:
        observer()
    assert caught.value.hint == f"pip install 'provenance[{extra}]'"
