"""The arithmetic of a plan."""

from __future__ import annotations

import pytest

from benchmarks.audit.plan import Plan


def test_a_plan_by_hand() -> None:
    plan = Plan(
        images=36_000_000,
        rate=5.0,
        cores=10,
        efficiency=0.8,
        bytes_per_row=400,
        bytes_per_image=200_000,
        megabytes=150,
    )
    assert plan.core_hours == pytest.approx(2500)
    assert plan.hours(5) == pytest.approx(50)
    assert plan.machines(24) == 11
    assert plan.looks.expected_readings == pytest.approx(3.6e-5)
