"""Failing assertions of the contracts show their values, as those of test modules do."""

from __future__ import annotations

import pytest

for _contract in ("leaf_source", "scheme", "signer", "store"):
    pytest.register_assert_rewrite(f"conformance.{_contract}_contract")
pytest.register_assert_rewrite("conformance.many_writers")
