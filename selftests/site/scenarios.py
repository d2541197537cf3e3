# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to a site, each from a good day on and back to one.

Owns: the story of each scenario, and which kind of bounds it is held to:
`unharmed`, where nobody is to notice anything, or `failed_over`, where the
sessions of a dead uplink are told.
"""

import signal

from . import accidents
from .matrix import A, B
from .result import NEW
from .topology import HOSTS, SIDES
from .traffic import now

# What an uplink loses while it loses everything, or much of it.
OF_THE_DEAD = ("stalled", "udp lost", "udp moved", "pings lost", "refused")

# A second after the first question that the partner did not answer; until then
# what it may hold is asked, and nobody is told anything.
GONE = ("log", "-> gone, because its answers do not come")
ALIVE = ("log", "-> alive, because it answers")
# And before, after three questions, what is new is not asked any more.
FAILING = ("log", "-> gone for new sessions, because its answers do not come")

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
    began = now()
    for _ in range(times):
        for to, source in (("partner", B), ("auto", A)):
            flipped = now()
            m.gateway("a").flip(to)
            m.burden.moved(source, flipped)
            m.run(0.8)
    m.run(2.0)
    m.flipped(began)
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
def standby_loses_its_power(m):
    """And comes back: nobody needs it, but it is asked about the new sessions
    of hosts that it may hold something of."""
    m.load(A)
    began = now()
    m.power_off("b")
    known = m.decided(began, ("a", *FAILING))
    m.decided(began, ("a", *GONE))
    m.run(2.0)
    m.power_on("b")
    m.selects("b", "partner", 40)
    m.run(2.0)
    m.result.note("known after", known - began)
    m.unharmed(began, known=known)


@kept
def gateway_returns(m):
    """It lost its power, and boots into a site that lives on ISP B."""
    m.power_off("a")
    m.selects("b", "isp-b")
    m.master("gw-b")
    m.load(B)
    began = now()
    m.power_on("a")
    back_to_a(m, began, 40)
    m.unharmed(began)


# ---- an uplink dies, or a gateway --------------------------------------------

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


@told
def gateway_loses_its_power(m):
    """Who only receives cannot be told: the one that knew of him is gone."""
    m.load(A)
    began = now()
    m.power_off("a")
    m.failed_over(began, m.decided(began, ("b", *GONE)), B, silent=None)
    m.result.within("outage", m.result.figures["outage"],
                    master_down(m) + 0.1 + m.patience)


def master_down(m):
    """VRRP's, of the backup with priority 130 (RFC 5798, 6.1)."""
    return m.site.timers.advert * (3 + (256 - 130) / 256)


@told
def partner_lost_while_it_holds_them(m):
    """gw-b holds the sessions, their hosts send to gw-a."""
    on_b(m)
    m.site.isp("a").heal()
    back_to_a(m, now())
    began = now()
    m.power_off("b")
    m.failed_over(began, m.decided(began, ("a", *GONE)), A, silent=None)


@told
def another_address(m):
    """A re-dial: no path is lost, but the address of all sessions is."""
    m.redial = accidents.Redial(m.site, "a")
    m.addresses["pe-a"].add(m.redial.other)
    m.load(A)
    began = now()
    m.redial.dial()
    decided = m.decided(began, ("a", "isp-a", "another generation"))
    m.failed_over(began, decided, m.redial.other)


@told
def drain_with_a_deadline(m):
    m.load(A)
    began = now()
    m.gateway("a").cli("drain", "isp-a", "--drain", "4s")
    m.burden.moved(B, began)
    m.run(began + 3.5 - now())
    m.result.equal("alive before the deadline", m.burden.alive(),
                   m.burden.opened)
    m.forget("b", HOSTS["h1"], HOSTS["h2"])
    decided = m.decided(began, ("a", "isp-a", "another generation"))
    m.result.within("cut early", max(0.0, began + 4.0 - decided), 0.05)
    m.failed_over(began, decided, B)


@told
def both_isps_down_and_back(m):
    m.load(A)
    began = now()
    for letter in SIDES:
        m.site.isp(letter).black()
    decided = m.decided(began, ("a", "isp-a", "dead"), ("b", "isp-b", "dead"))
    m.run(3.0)
    seen, _, _, _ = m.finish(began)
    m.told(seen, decided)
    back = now()
    for letter in SIDES:
        m.site.isp(letter).heal()
    m.run(3.0)
    works = min((answer for syn, answer in m.burden.seen().new()
                 if syn >= back and answer), default=None)
    m.result.within("new after", works and works - back, m.patience
                    + m.site.timers.interval + m.site.timers.timeout + NEW)


# ---- neither ------------------------------------------------------------------

@kept
def same_address_back(m):
    """The link flaps; who said nothing meanwhile has lost nothing."""
    m.load(A, talking=False)
    began = now()
    m.site.isp("a").link_down()
    m.decided(began, ("a", "isp-a", "dead"))
    m.site.isp("a").link_up()
    back_to_a(m, now())
    m.unharmed(began, but=OF_THE_DEAD)


@kept
def thirty_percent_loss(m):
    """Nobody is told anything; new ones go elsewhere."""
    m.load(A)
    began = now()
    m.site.isp("a").loss(30)
    found = m.decided(began, ("a", "selector", "partner"))
    m.result.note("found after", found - began)
    m.run(10.0)
    m.site.isp("a").heal()
    back_to_a(m, now())
    switches = [change for change in m.measure.changes(began)
                if change[1:3] == ("a", "selector")]
    m.result.note("switches", len(switches))
    m.run(8.0)  # TCP waits longer each time that it repeats
    m.unharmed(began, but=OF_THE_DEAD)


@kept
def lan_split_and_healed(m):
    """gw-b and h2 on one side; everybody else, and the owner, on the other."""
    m.load(A)
    began = now()
    m.split("h2", SIDES["b"].gateway)
    decided = m.decided(began, ("b", *GONE))
    m.failed_over(began, decided, B, hosts=("h2",), silent=None)
    m.unharmed(began, hosts=("h1", "h3"))
    healed(m)


@kept
def lan_split_until_neighbours_are_forgotten(m):
    """Neither knows the other's MAC address when the LAN is whole again."""
    m.load(A)
    began = now()
    m.split("h2", SIDES["b"].gateway)
    m.decided(began, ("b", *GONE))
    m.run(12.0)
    m.forget("a", SIDES["b"].lan)
    m.forget("b", SIDES["a"].lan)
    m.unharmed(began, hosts=("h1", "h3"))
    healed(m)


def healed(m):
    """Until the two have met, what VRRP leaves at the wrong one is told, or
    bound there (docs/ownership.md, lost all the same)."""
    whole = now()
    m.join()
    m.selects("b", "partner")
    m.master("gw-a")
    m.run(2.0)
    met = m.decided(whole, ("b", *ALIVE))
    m.result.note("met after", met - whole)
    m.went_on(met + 0.05, "h1", "h2", "h3")
