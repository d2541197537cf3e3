# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole matrix: a thousand live sessions through everything that happens to
a site (selftests/site/scenarios.py), and one scenario with BIRD.

SESSIONS says how many; a line a scenario is printed as it ends, and all figures
are in scenarios.json of the build directory.
"""
import os

import pytest

from conftest import BUILD, matrix_of, played
from selftests.site import scenarios
from selftests.site.bird import Bird
from selftests.site.daemons import Timers
from selftests.site.result import head

SESSIONS = int(os.environ.get("SESSIONS", "1000"))
TIMERS = Timers(delay_up=1.0)


@pytest.fixture(scope="module")
def matrix():
    with matrix_of(SESSIONS, TIMERS) as made:
        yield made
        made.write(str(BUILD / "scenarios.json"))


def play(matrix, scenario, capsys):
    result = played(matrix, scenario)
    with capsys.disabled():
        if len(matrix.results) == 1:
            print("\n" + head())
        print(result.line())
        if result.wrong:
            print(result.explained())
    assert result.wrong == []


@pytest.mark.parametrize("scenario", scenarios.KEPT + scenarios.TOLD,
                         ids=lambda scenario: scenario.__name__)
def test_with_frr(matrix, scenario, capsys):
    play(matrix, scenario, capsys)


def test_with_bird(capsys):
    with matrix_of(SESSIONS, TIMERS, routing=Bird) as matrix:
        play(matrix, scenarios.failback, capsys)
