# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's own kernels, made ready to boot in a throwaway VM.

Owns: packages of kernels, unpacked in a directory of ours, and an initramfs
for each.  Nothing is installed: the machine's own kernel and its /boot are
never touched.  Packages come from the machine's own apt sources alone.
"""

import glob
import os
import shutil
import subprocess

# Meta-packages of Debian 12: its kernel, and the one from its backports' base.
KERNELS = {"6.1": "linux-image-amd64", "6.12": "linux-image-6.12-amd64"}

# What the VM needs to see the host's files; some are built in.
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")

INIT = """#!/bin/busybox sh
# Made by selftests/vm/kernel.py: the machine's root file system, read-only,
# under an overlay that is forgotten; then selftests/vm/inside.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules.list); do insmod "$module" || true; done
mkdir -p /low /top /root
options=trans=virtio,version=9p2000.L,msize=262144
mount -t 9p -o ro,cache=loose,$options host /low
mount -t tmpfs -o size=60% top /top
mkdir /top/upper /top/work
mount -t overlay -o lowerdir=/low,upperdir=/top/upper,workdir=/top/work \\
	over /root
for place in proc sys dev; do mount --move /$place /root/$place; done
mount -t tmpfs run /root/run
work=$(sed 's/.*twinpath_work=\\([^ ]*\\).*/\\1/' /root/proc/cmdline)
release=$(uname -r)
mkdir -p "/root/lib/modules/$release"
mount --bind "/root$work/../$release/lib/modules/$release" \\
	"/root/lib/modules/$release"
cp "/root$work/../$release/boot/config-$release" /root/boot/
mount -t 9p -o $options work "/root$work"
exec switch_root /root /bin/sh SOURCE/selftests/vm/inside "$work"
"""


class KernelError(Exception):
    """A kernel cannot be had; the text is for the user."""


def command(*argv, **options):
    done = subprocess.run([str(word) for word in argv], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)
    if done.returncode:
        raise KernelError("%s: exit status %d\n%s" % (
            argv[0], done.returncode, done.stdout.strip()))
    return done.stdout


def package_of(name):
    """The real package behind a meta-package."""
    for line in command("apt-cache", "depends", name).splitlines():
        word = line.split()
        if len(word) == 2 and word[0] == "Depends:" and \
                word[1].startswith("linux-image"):
            return word[1]
    raise KernelError("apt knows no package behind %s: run apt-get update"
                      % name)


class Kernel:
    """One kernel below `base`: boot image, modules, initramfs."""

    def __init__(self, base, name):
        self.name = name
        self.package = package_of(KERNELS[name])
        self.release = self.package[len("linux-image-"):]
        self.directory = os.path.join(base, name)
        self.tree = os.path.join(self.directory, self.release)
        self.image = os.path.join(self.tree, "boot/vmlinuz-" + self.release)
        self.initramfs = os.path.join(self.directory, "initramfs.gz")

    def prepare(self, source):
        os.makedirs(self.directory, exist_ok=True)
        if not os.path.exists(self.image):
            self.unpack()
        self.make_initramfs(source)

    def unpack(self):
        print("  %s: %s" % (self.name, self.package), flush=True)
        command("apt-get", "-q", "download", self.package,
                cwd=self.directory)
        [deb] = glob.glob("%s/%s_*.deb" % (self.directory, self.package))
        partial = self.tree + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        command("dpkg-deb", "-x", deb, partial)
        command("depmod", "-b", partial, self.release)
        os.rename(partial, self.tree)
        os.unlink(deb)

    def modules(self):
        """Files of what the initramfs must load, in order."""
        found = []
        for name in MODULES:
            text = command("modprobe", "-d", self.tree, "-S", self.release,
                           "--show-depends", name)
            for line in text.splitlines():
                word = line.split()
                if word[0] == "insmod" and word[1] not in found:
                    found.append(word[1])
        return found

    def make_initramfs(self, source):
        root = os.path.join(self.directory, "initramfs")
        shutil.rmtree(root, ignore_errors=True)
        for place in ("bin", "proc", "sys", "dev", "modules"):
            os.makedirs(os.path.join(root, place))
        shutil.copy("/bin/busybox", os.path.join(root, "bin/busybox"))
        names = []
        for path in self.modules():
            name = os.path.basename(path)
            # busybox's insmod reads no compressed ones.
            if name.endswith(".xz"):
                name = name[:-len(".xz")]
                with open(os.path.join(root, "modules", name), "wb") as out:
                    subprocess.run(["xz", "-dc", path], stdout=out, check=True)
            else:
                shutil.copy(path, os.path.join(root, "modules", name))
            names.append("/modules/" + name)
        with open(os.path.join(root, "modules.list"), "w",
                  encoding="ascii") as out:
            out.write("\n".join(names) + "\n")
        init = os.path.join(root, "init")
        with open(init, "w", encoding="ascii") as out:
            out.write(INIT.replace("SOURCE", source))
        os.chmod(init, 0o755)
        command("sh", "-c", "find . | cpio -o -H newc --quiet | gzip -1 >"
                "../initramfs.gz", cwd=root)
        shutil.rmtree(root)
