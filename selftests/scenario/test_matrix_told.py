# SPDX-License-Identifier: GPL-2.0-or-later
"""A hundred live sessions whose uplink dies: each is told, and nobody hangs.

Some of selftests/site/scenarios.py; `make test-longer` plays them all, with a
thousand sessions and no patience.
"""
import pytest

from conftest import matrix_of, played
from selftests.site import scenarios
from selftests.site.daemons import Timers


@pytest.fixture(scope="module")
def matrix():
    with matrix_of(100, Timers(delay_up=1.0), patience=1.0) as made:
        yield made


@pytest.mark.parametrize("scenario", [
    scenarios.black_hole, scenarios.link_down, scenarios.another_address,
    scenarios.gateway_loses_its_power,
], ids=lambda scenario: scenario.__name__)
def test_everyone_is_told(matrix, scenario):
    assert played(matrix, scenario).wrong == []
