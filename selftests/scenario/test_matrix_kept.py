# SPDX-License-Identifier: GPL-2.0-or-later
"""A hundred live sessions while the site moves: nobody notices anything.

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
    scenarios.failback, scenarios.two_flips_there_and_back,
    scenarios.vrrp_moves_there_and_back, scenarios.probe_target_down,
], ids=lambda scenario: scenario.__name__)
def test_nobody_notices(matrix, scenario):
    assert played(matrix, scenario).wrong == []
