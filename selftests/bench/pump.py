# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine (pump.c) as an object: a command a line, JSON back.

Owns: the pipe to it.  An answer with an error is a failure of the benchmark,
never a figure.
"""

import json
import subprocess
import tempfile

from ..site.netns import SiteError


class Pump:
    def __init__(self, binary):
        self._said = tempfile.TemporaryFile("w+")
        self._child = subprocess.Popen([binary], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE,
                                       stderr=self._said, text=True)

    def ask(self, *words):
        line = " ".join(map(str, words))
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()
        reply = self._child.stdout.readline()
        answer = json.loads(reply) if reply else {"error": self._ended()}
        if "error" in answer:
            raise SiteError("pump: %s: %s" % (line, answer["error"]))
        return answer

    def _ended(self):
        self._said.seek(0)
        return "it has ended\n" + self._said.read()

    def port(self, name, space, device, timed=False):
        return self.ask("port", name, space, device,
                        *(["timed"] if timed else []))

    @staticmethod
    def words(plan):
        return ["%s=%s" % item for item in plan.items()]

    def run(self, *streams):
        """streams: (cpu, port, packets, plan); one, or two at once."""
        words = []
        for cpu, port, packets, plan in streams:
            words += [";"] if words else []
            words += [cpu, port, packets] + self.words(plan)
        return self.ask("run", *words)

    def test(self, cpu, space, ifindex, program, repeat, plan):
        return self.ask("test", cpu, space, ifindex, program, repeat,
                        *self.words(plan))["ns"]

    def close(self):
        self._child.stdin.close()
        self._child.wait(10)
