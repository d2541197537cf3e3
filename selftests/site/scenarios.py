# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to a site, each from a good day on and back to one.

Owns: the story of each scenario, and which kind of bounds it is held to:
`unharmed`, where nobody is to notice anything, or `failed_over`, where the
sessions of a dead uplink are told.
"""

import signal

from . import accidents
from .matrix import A, B
from .topology import SIDES
from .traffic import now

KEPT, TOLD = [], []  # by kind, in the order of their telling


def kept(scenario):
    KEPT.append(scenario)
    return scenario


def told(scenario):
    TOLD.append(scenario)
    return scenario


def on_b(m):
    """Traffic by ISP B, because ISP A is black."""
    m.site.isp("a").black()
    m.selects("a", "partner")
    m.selects("b", "isp-b")
    return m.load(B)


def back_to_a(m, began, seconds=15):
    """New sessions go by ISP A again, and hosts send to gw-a."""
    m.selects("a", "isp-a", seconds)
    m.selects("b", "partner", seconds)
    m.burden.moved(A, began, seconds)
    m.master("gw-a", seconds)
    m.run(2.0)  # hosts, routes and neighbours follow


# ---- nobody is to notice -----------------------------------------------------

@kept
def failback(m):
    on_b(m)
    began = now()
    m.site.isp("a").heal()
    back_to_a(m, began)
    m.unharmed(began)


@kept
def ten_flips_there_and_back(m):
    flips(m, 10)


@kept
def two_flips_there_and_back(m):
    flips(m, 2)


def flips(m, times):
    m.load(A)
    began, slowest = now(), 0.0
    for _ in range(times):
        for to, source in (("partner", B), ("auto", A)):
            flipped = now()
            m.gateway("a").flip(to)
            m.burden.moved(source, flipped)
            slowest = max(slowest, now() - flipped)
            m.run(0.8)
    m.result.within("new after", slowest, 0.5 + m.patience)
    m.run(2.0)
    m.unharmed(began)


@kept
def vrrp_moves_there_and_back(m):
    m.load(A)
    keepalived = m.site.gateway("a").keepalived
    began = now()
    m.site.processes.signal(keepalived.name, signal.SIGTERM)
    m.master("gw-b")
    m.run(2.0)
    keepalived.start(SIDES["a"], m.gateway("a").track_file,
                     m.site.timers.advert)
    m.master("gw-a")
    m.run(2.0)
    m.unharmed(began)


@kept
def both_daemons_killed_then_failback(m):
    on_b(m)
    began = now()
    for letter in SIDES:
        m.gateway(letter).kill()
    m.site.isp("a").heal()
    m.run(3.0)  # longer than any lease of theirs
    for letter in SIDES:
        m.gateway(letter).start()
    for letter in SIDES:
        m.gateway(letter).wait_ready()
    back_to_a(m, began)
    m.unharmed(began)


@kept
def probe_target_down(m):
    m.load(A)
    began = now()
    m.site.isp("a").target_dead()
    m.decided(began, ("a", "isp-a", "avoid"))
    m.burden.moved(B, began)
    m.run(2.0)
    m.site.isp("a").heal()
    back_to_a(m, now())
    m.unharmed(began)


@kept
def gateway_returns(m):
    """It lost its power, and boots into a site that lives on ISP B."""
    accidents.power_off(m.site, "a")
    m.selects("b", "isp-b")
    m.master("gw-b")
    m.load(B)
    began = now()
    accidents.power_on(m.site, "a")
    m.gateway("a").wait_ready()
    back_to_a(m, began, 40)
    m.unharmed(began)


# ---- an uplink dies ----------------------------------------------------------

@told
def black_hole(m):
    m.load(A)
    began = now()
    m.site.isp("a").black()
    fail_over(m, began)


@told
def link_down(m):
    m.load(A)
    began = now()
    m.site.isp("a").link_down()
    fail_over(m, began)


def fail_over(m, began):
    decided = m.decided(began, ("a", "isp-a", "dead"),
                        ("a", "selector", "partner"))
    m.failed_over(began, decided, B)
    m.site.isp("a").heal()
