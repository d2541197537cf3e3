# SPDX-License-Identifier: GPL-2.0-or-later
"""One network namespace: commands, sockets and sysctls inside it.

Owns: how we get into a namespace.  It must never enter one with
``ip netns exec``, which mounts a new /sys and so hides the pinned BPF maps,
and never change the namespace of the main thread.
"""

import ctypes
import os
import subprocess
import threading

CLONE_NEWNET = 0x40000000
RUN_NETNS = "/run/netns"
# An emulated machine takes its time: what is waited for may take so much longer.
SLOW = float(os.environ.get("TWINPATH_SLOW", "1"))

_libc = ctypes.CDLL(None, use_errno=True)


class SiteError(Exception):
    """The site is not as it must be; the text is for the user."""


class CommandError(SiteError):
    """A command failed; the text says which and what it printed."""


def run(argv, check=True, input_text=None, timeout=20):
    """Run a command to its end and return it, with its output as text."""
    try:
        done = subprocess.run(argv, input=input_text, text=True,
                              timeout=timeout * SLOW, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired as error:
        raise CommandError("%s: not done after %g s"
                           % (" ".join(argv), timeout * SLOW)) from error
    if check and done.returncode:
        raise CommandError("%s: exit status %d\n%s" % (
            " ".join(argv), done.returncode, done.stdout.strip()))
    return done


class Netns:
    """A namespace of one site; `name` is its short name there."""

    def __init__(self, prefix, name):
        self.name = name
        self.full = prefix + name
        self.path = os.path.join(RUN_NETNS, self.full)

    def add(self):
        run(["ip", "netns", "add", self.full])

    def delete(self):
        if self.exists():
            run(["ip", "netns", "delete", self.full])

    def exists(self):
        return os.path.exists(self.path)

    def command(self, argv):
        """The command line that runs argv inside."""
        return ["nsenter", "--net=" + self.path, "--"] + list(argv)

    def run(self, argv, **options):
        return run(self.command(argv), **options)

    def ip(self, lines):
        """Carry out lines of ip(8) commands in one go."""
        run(["ip", "-n", self.full, "-batch", "-"],
            input_text="\n".join(lines) + "\n")

    def devices(self):
        text = self.run(["ip", "-br", "link"]).stdout
        return [line.split()[0].split("@")[0] for line in text.splitlines()]

    def nft(self, text, check=True):
        return self.run(["nft", "-f", "-"], input_text=text, check=check)

    def sysctl(self, settings):
        self.run(["sysctl", "-q", "-w"]
                 + ["%s=%s" % item for item in settings.items()])

    def enter(self):
        """Move the calling thread in, for good."""
        if threading.current_thread() is threading.main_thread():
            raise RuntimeError("the main thread stays where it is")
        handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.setns(handle, CLONE_NEWNET):
                error = ctypes.get_errno()
                raise OSError(error, os.strerror(error), self.path)
        finally:
            os.close(handle)

    def call(self, function, *arguments):
        """Call a function in a thread inside and return what it returns."""
        result = []

        def inside():
            try:
                self.enter()
                result.append((function(*arguments), None))
            except Exception as error:  # raised again by the caller
                result.append((None, error))

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        value, error = result[0]
        if error:
            raise error
        return value


class Worker(threading.Thread):
    """A thread that lives in one namespace and works until it is stopped.

    A subclass has open(), called inside once before start() returns, work(),
    called again and again until stop(), and close().  An exception in any of
    them is kept and raised by stop().
    """

    def __init__(self, netns, name):
        super().__init__(name="%s in %s" % (name, netns.full), daemon=True)
        self.netns = netns
        self.error = None
        self._ready = threading.Event()
        self._end = threading.Event()

    def begin(self):
        """Start, and wait until open() is through."""
        self.start()
        self._ready.wait()
        self._raise()
        return self

    def _raise(self):
        error, self.error = self.error, None
        if error:
            raise SiteError("%s: %s" % (self.name, error)) from error

    def stop(self):
        self._end.set()
        self.join(10)
        if self.is_alive():
            raise SiteError(self.name + ": does not end")
        self._raise()
        return self

    def run(self):
        try:
            self.netns.enter()
            self.open()
            self._ready.set()
            while not self._end.is_set():
                self.work()
        except Exception as error:  # kept for the caller, see _raise()
            self.error = error
        finally:
            self._ready.set()
            self.close()

    def open(self):
        raise NotImplementedError

    def work(self):
        raise NotImplementedError

    def close(self):
        pass
