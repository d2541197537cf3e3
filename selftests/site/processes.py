# SPDX-License-Identifier: GPL-2.0-or-later
"""The processes of one site: started, recorded on disk, ended by pid.

Owns: the run directory /run/twinpath-site/<prefix>/ and its list of pids,
each with its start time, so that another process can end a crashed run and
never hits a stranger that got a recycled pid.
"""

import os
import shutil
import signal
import subprocess
import time

from .netns import SLOW, SiteError

BASE = "/run/twinpath-site"


def wait_for(what, condition, seconds, pause=0.05):
    """Ask condition() until it says something true, and return that."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise SiteError("after %g s still not so: %s" % (seconds, what))
        time.sleep(pause)


class Held:
    """A condition for wait_for: so for so many seconds, each time it is asked."""

    def __init__(self, condition, seconds):
        self.condition, self.seconds = condition, seconds
        self.since = None

    def __call__(self):
        if not self.condition():
            self.since = None
            return False
        self.since = self.since or time.monotonic()
        return time.monotonic() >= self.since + self.seconds


def start_time(pid):
    """The process's start time in clock ticks; None: it is gone."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii",
                  errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


class Processes:
    """What was started for one prefix."""

    def __init__(self, prefix):
        self.directory = os.path.join(BASE, prefix.rstrip("-"))
        self.logs = os.path.join(self.directory, "log")
        self._list = os.path.join(self.directory, "pids")
        self._children = {}
        self._names = {}
        self.opened = False  # by this object: the directory is ours

    def exists(self):
        return os.path.isdir(self.directory)

    def open(self):
        """Make the run directory and record who owns it: this process."""
        os.makedirs(BASE, exist_ok=True)
        os.mkdir(self.directory)
        self.opened = True
        os.mkdir(self.logs)
        self._note("owner", os.getpid())

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def log(self, name):
        return os.path.join(self.logs, name + ".log")

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as out:
            out.write(text)
        return self.path(name)

    def _note(self, name, pid):
        with open(self._list, "a", encoding="ascii") as out:
            out.write("%s %d %d\n" % (name, pid, start_time(pid) or 0))

    def _notes(self):
        """(name, pid) of everything recorded here that still runs."""
        try:
            with open(self._list, encoding="ascii") as text:
                lines = [line.split() for line in text]
        except OSError:
            return []
        return [(name, int(pid)) for name, pid, since in lines
                if start_time(int(pid)) == int(since)]

    def spawn(self, name, argv):
        """Start a process; its output is added to log/<name>.log."""
        with open(self.log(name), "ab") as log:
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
        self._children[child.pid] = child
        self._names[child.pid] = name
        self._note(name, child.pid)
        return child.pid

    def spawn_asked(self, name, argv):
        """Start a process with pipes to and from it; only its complaints go
        to the log."""
        with open(self.log(name), "ab") as log:
            child = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, start_new_session=True, text=True)
        self._children[child.pid] = child
        self._note(name, child.pid)
        return child

    def owner_alive(self):
        return any(name == "owner" for name, _ in self._notes())

    def pid(self, name):
        """The pid of the running process of that name; None: none runs."""
        for other, pid in reversed(self._notes()):
            if other == name and self._running(pid):
                return pid
        return None

    def _running(self, pid):
        child = self._children.get(pid)
        if child is not None and child.poll() is not None:
            return False
        return start_time(pid) is not None

    def signal(self, name, number):
        """Send a signal to one of ours and, if that ends it, reap it."""
        pid = self.pid(name)
        if pid is None:
            raise SiteError("%s does not run; see %s" % (name,
                                                         self.log(name)))
        os.kill(pid, number)
        if number in (signal.SIGTERM, signal.SIGKILL):
            wait_for("%s ended" % name, lambda: not self._running(pid), 10,
                     0.005)
        return pid

    def check_alive(self, name):
        if self.pid(name) is None:
            raise SiteError("%s ended by itself; the end of its log:\n%s"
                            % (name, self.tail(name)))

    def tail(self, name, lines=15):
        try:
            with open(self.log(name), encoding="utf-8",
                      errors="replace") as log:
                return "".join(log.readlines()[-lines:])
        except OSError:
            return "(no log)\n"

    def ended(self):
        """Names of what was started here and does not run any more."""
        return sorted({name for pid, name in self._names.items()
                       if not self._running(pid)})

    def end_all(self):
        pids = [pid for name, pid in self._notes() if name != "owner"]
        self._end(pids, signal.SIGTERM, 3)
        self._end(pids, signal.SIGKILL, 3)

    def _end(self, pids, number, seconds):
        alive = [pid for pid in pids if self._running(pid)]
        for pid in alive:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(map(self._running, alive)):
            time.sleep(0.02)


def runs():
    """The names of all runs that left a directory, living or crashed."""
    return sorted(os.listdir(BASE)) if os.path.isdir(BASE) else []
