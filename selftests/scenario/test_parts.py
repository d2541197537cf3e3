# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmark leaves out of the core is still in it, and what the mutants
break.

`make bench BENCH=parts` and `make mutants` change the text of the sources; a line
that moved on would be noticed there, by whoever wants figures, years later.
"""
import pytest

from selftests.bench import omitted, parts
from selftests.mutants.faults import FAULTS
from selftests.mutants.sources import Broken, Copy, placed


@pytest.mark.parametrize("part", omitted.PARTS, ids=lambda part: part.what)
def test_there_is_such_a_part(part):
    placed(part.changes)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_there_is_something_to_break(fault):
    placed([fault])


def test_what_is_not_there_is_noticed():
    with pytest.raises(Broken, match="0 times"):
        placed([omitted.Change("hit.h", "a line of long ago;", "")])


def test_all_can_be_left_out_at_once(tmp_path):
    """No change takes away what another one is to change."""
    for part in parts.variants()[len(omitted.PARTS):]:
        copy = Copy(tmp_path / part.loads[0].replace(" ", "-"))
        for change in part.changes:
            copy.change(change)
