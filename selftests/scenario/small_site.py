# SPDX-License-Identifier: GPL-2.0-or-later
"""The smallest site (selftests/site/small.py) for the scenario tests: made,
served from the world, and torn down.
"""
import contextlib

import pytest

from conftest import BUILD
from selftests.site import small
from selftests.site.bulk import Mirror
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.site import new_prefix
from selftests.site.topology import SERVER

ECHO = 7


@contextlib.contextmanager
def site_of(**options):
    small.modules()
    site = small.Small(new_prefix(), str(BUILD), **options)
    try:
        site.up()
        with served(site):
            wait_for("the host reaches the world", lambda: " 0% packet loss" in
                     site.ping("-c", "1", SERVER), 10)
            yield site
    except small.Missing as missing:
        pytest.skip("no such link in this kernel: %s" % missing)
    finally:
        site.down()


@contextlib.contextmanager
def served(site):
    world = site.netns["world"]
    workers = [Server(world, SERVER, ECHO).begin(),
               Mirror(world, SERVER).begin()]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
