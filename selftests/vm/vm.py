# SPDX-License-Identifier: GPL-2.0-or-later
"""A throwaway VM: this machine's files, another kernel, one job.

Owns: the emulator's process and the directory it shares with the VM.  What the
job writes elsewhere is forgotten with the VM.
"""

import os
import select
import shutil
import subprocess
import time

QEMU = "qemu-system-x86_64"


class VM:
    """Runs one shell script under a kernel; see run()."""

    def __init__(self, kernel, memory=1536, cpus=2):
        self.kernel, self.memory, self.cpus = kernel, memory, cpus
        self.work = os.path.join(kernel.directory, "work")
        self.console = os.path.join(kernel.directory, "console.log")

    def command(self):
        return [
            # Emulated always: KVM in a VM is not to be relied on.
            QEMU, "-accel", "tcg", "-cpu", "max",
            "-smp", str(self.cpus), "-m", str(self.memory),
            "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot",
            "-kernel", self.kernel.image, "-initrd", self.kernel.initramfs,
            "-append", "console=ttyS0 panic=-1 tsc=reliable quiet "
                       "twinpath_work=" + self.work,
            "-serial", "file:" + self.console,
            "-chardev", "stdio,id=out,signal=off", "-serial", "chardev:out",
            "-virtfs", "local,path=/,mount_tag=host,security_model=none,"
                       "readonly=on,multidevs=remap",
            "-virtfs", "local,path=%s,mount_tag=work,security_model=none"
                       % self.work,
        ]

    def path(self, name):
        """Of a file that host and VM both see, at the same place."""
        return os.path.join(self.work, name)

    def run(self, job, seconds, heard=print):
        """The job's exit status; None: it did not end.  Every line of its
        output is heard."""
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        with open(self.path("job"), "w", encoding="ascii") as out:
            out.write(job)
        with subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as process:
            try:
                self.listen(process, time.monotonic() + seconds, heard)
            finally:
                process.kill()
        try:
            with open(self.path("status"), encoding="ascii") as text:
                return int(text.read())
        except (OSError, ValueError):
            return None

    @staticmethod
    def listen(process, deadline, heard):
        rest = b""
        while time.monotonic() < deadline:
            ready, _, _ = select.select([process.stdout], [], [], 1)
            if not ready:
                continue
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                heard(line.decode(errors="replace").rstrip("\r"))
