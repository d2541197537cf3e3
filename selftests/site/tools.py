# SPDX-License-Identifier: GPL-2.0-or-later
"""The measuring tools of selftests/tools/, as processes that are asked.

Owns: how one is started inside a namespace, and the line it is asked with.
Times are of the monotonic clock, on both sides.
"""

import json
import os

from .netns import SiteError


class Tool:
    """One process; it ends with this one, whatever becomes of it."""

    def __init__(self, site, name, netns, words):
        self.name = name
        argv = [os.path.join(site.build, "selftests/tools", words[0])]
        argv += [str(word) for word in words[1:]]
        if netns:
            argv = netns.command(argv)
        self._child = site.processes.spawn_asked(name, argv)
        self._log = site.processes.tail

    def ask(self, *words):
        line = " ".join(str(word) for word in words) + "\n"
        try:
            self._child.stdin.write(line)
            self._child.stdin.flush()
            answer = self._child.stdout.readline()
        except OSError:
            answer = ""
        if not answer:
            raise SiteError("%s does not answer to %r:\n%s" % (
                self.name, line.strip(), self._log(self.name)))
        return json.loads(answer)

    def end(self):
        """Its input ends, and so does it."""
        try:
            self._child.stdin.close()
        except OSError:
            pass
        self._child.stdout.close()
        self._child.wait(10)


class Load(Tool):
    """Clients of one host; see load.c.  All ports and names are its own."""

    FIRST, LAST = 5000, 60000  # ports

    def __init__(self, site, netns):
        super().__init__(site, "load-" + netns.name, netns, ["load"])
        self.host = netns.name
        self._port = self.FIRST

    def ports(self, count):
        """The first of so many: none twice before all were used."""
        if self._port + count > self.LAST:
            self._port = self.FIRST
        self._port += count
        return self._port - count

    def tcp(self, name, target, port, count, period, first_name):
        """period 0: silent until talk()."""
        self.ask("tcp", name, target, port, count, period, self.ports(count),
                 first_name)

    def udp(self, name, target, port, count, rate, first_name):
        self.ask("udp", name, target, port, count, rate, self.ports(count),
                 first_name)

    def ping(self, name, target, rate, identifier):
        self.ask("ping", name, target, rate, identifier)

    def attempts(self, name, target, port, interval, timeout, ports):
        first = self.ports(ports)
        self.ask("attempts", name, target, port, interval, timeout, first,
                 first + ports - 1)

    def talk(self, name, period):
        self.ask("talk", name, period)

    def state(self, since=0.0):
        return self.ask("state", "%.6f" % since)

    def report(self):
        return self.ask("report")

    def end_all(self):
        self.ask("end")
