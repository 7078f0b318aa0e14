# SPDX-License-Identifier: MIT
"""A machine made by QEMU whose only program is cleatd, with NICs that its kernel hands over to DPDK.

Its initial RAM disk is made of busybox, cleatd with the libraries it asks for, DPDK's drivers, and modules of Debian's cloud
kernel. An emulated VT-d stands before its PCI devices, so that vfio-pci works as on a real machine.
"""
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from lab.child import Child

KERNELS = Path("/var/cache/cleat/linux-image-cloud-amd64")  # where tools/install unpacks it
_BUSYBOX = Path("/bin/busybox")
# In the order of their needs.
_MODULES = ("irqbypass", "vfio", "vfio_virqfd", "vfio_iommu_type1", "vfio-pci-core", "vfio-pci", "tun")
# What no program links, for DPDK loads it: buses, the pool of buffers, NICs.
_DRIVERS = ("bus_pci", "bus_vdev", "mempool_ring", "net_virtio", "net_e1000", "net_tap")
HUGE_PAGES = 160  # of 2 MiB

_INIT = """#!/bin/busybox sh
/bin/busybox chmod 755 /  # the EAL loads no driver from below a folder that all may write to
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /run /tmp
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/hugepages
mount -t tmpfs tmpfs /dev/shm; mount -t tmpfs tmpfs /run; mount -t hugetlbfs huge /dev/hugepages
ln -s /run /var/run
ip link set lo up
for module in {modules}; do insmod /modules/$module.ko || echo "GUEST no module $module"; done
# No interrupt remapping in QEMU's own processor; nobody attacks here.
echo 1 > /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
check() {{ echo "GUEST begin $1"; /bin/cleatd --check --json --config /etc/cleat.yaml; echo "GUEST end $1 $?"; }}
check unbound
for address in {addresses}; do
    echo vfio-pci > /sys/bus/pci/devices/$address/driver_override
    echo $address > /sys/bus/pci/drivers_probe
done
check bound
/bin/cleatd --config /etc/cleat.yaml
echo "GUEST cleatd ended $?"
poweroff -f
"""


def reason_to_skip(build):
    if not shutil.which("qemu-system-x86_64"):
        return "no qemu-system-x86_64 (Debian: qemu-system-x86)"
    if not _BUSYBOX.exists() or subprocess.run(["ldd", _BUSYBOX], capture_output=True).returncode == 0:
        return "no busybox that stands alone (Debian: busybox-static)"
    if not _kernel():
        return f"no kernel below {KERNELS}: tools/install test unpacks Debian's there"
    return None


def _kernel():
    return next(iter(sorted(KERNELS.glob("boot/vmlinuz-*"), reverse=True)), None)


class Guest:
    """nics  {name of a tap: model}, "virtio-net-pci" or "e1000e"; the first is 0000:00:10.0, the next 0000:00:11.0 ...
    files    {path in the guest: text}
    queues   of each NIC; more than one: virtio only, and the taps have as many
    """

    def __init__(self, run, space, build, nics, files, queues=1):
        self.addresses = [f"0000:00:{16 + i:02x}.0" for i in range(len(nics))]
        ramdisk = run.path("guest.cpio.gz")
        folder = run.path("guest")
        _fill(folder, build, self.addresses, files)
        _pack(folder, ramdisk)
        shutil.rmtree(folder)
        words = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi",
                 "-cpu", "Westmere", "-m", "1024", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                 "-serial", "stdio", "-qmp", f"unix:{run.shm}/qmp,server=on,wait=off", "-device", "intel-iommu,intremap=off",
                 "-kernel", _kernel(), "-initrd", ramdisk, "-append",
                 # An emulated processor on a busy machine may miss its clock's beat.
                 "console=ttyS0 quiet panic=-1 no_timer_check nowatchdog rcupdate.rcu_cpu_stall_suppress=1 "
                 f"intel_iommu=on iommu.strict=1 hugepages={HUGE_PAGES}"]
        for i, (tap, model) in enumerate(nics.items()):
            options = ",disable-legacy=on,iommu_platform=on" if model.startswith("virtio") else ""
            many = f",queues={queues}" if queues > 1 else ""
            # QEMU spreads frames between the taps' queues and the NIC's itself. Where a NIC's queue was full, a tap's other queue
            # waits for the next frame of its own number: a burst must fit.
            options += f",mq=on,rss=on,vectors={2 * queues + 2},rx_queue_size=1024" if many else ""
            words += ["-netdev", f"tap,id=n{i},ifname={tap},script=no,downscript=no{many}",
                      "-device", f"{model},id=nic{i},netdev=n{i},addr={16 + i:#x},mac=52:54:00:00:00:{16 + i:02x}{options}"]
        self.child = Child(run, "guest", words, space)
        self._qmp = str(run.shm / "qmp")

    def says(self, pattern, deadline_s):
        """Waits for a line of its console, and returns the match."""
        def look():
            return re.search(pattern, self.child.log().replace("\r", ""), re.M)
        return self.child.wait_until(look, f"the guest says {pattern}", deadline_s)

    def set_link(self, nic, up):
        """Pulls the cable of a NIC, by its number, or puts it in again."""
        with socket.socket(socket.AF_UNIX) as qmp:
            qmp.settimeout(10)
            qmp.connect(self._qmp)
            answers = qmp.makefile()
            answers.readline()  # its greeting
            for command in ({"execute": "qmp_capabilities"},
                            {"execute": "set_link", "arguments": {"name": f"nic{nic}", "up": up}}):
                qmp.sendall(json.dumps(command).encode())
                while "return" not in (answer := json.loads(answers.readline())):  # events come between
                    assert "error" not in answer, answer


def _libraries(programs):
    """Files that the loader would take for them."""
    found = set()
    for program in programs:
        for line in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.splitlines():
            found.update(Path(word) for word in line.split() if word.startswith("/"))
    return found


def _fill(folder, build, addresses, files):
    cleatd = Path(build) / "tools/cleatd"
    drivers = [path for name in _DRIVERS for path in Path("/usr/lib").glob(f"*/dpdk/pmds-*/librte_{name}.so.*")]
    for path in _libraries([cleatd, *drivers]) | set(drivers):
        _copy_as_it_lies(path, folder)
    _copy(cleatd, folder / "bin/cleatd")
    _copy(_BUSYBOX, folder / "bin/busybox")
    release = _kernel().name.removeprefix("vmlinuz-")
    for name in _MODULES:
        for path in (KERNELS / "lib/modules" / release).rglob(name + ".ko"):
            _copy(path, folder / "modules" / path.name)
    for path, text in {"init": _INIT.format(modules=" ".join(_MODULES), addresses=" ".join(addresses)), **files}.items():
        target = folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(0o700)
    (folder / "var").mkdir(exist_ok=True)


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)  # follows links


def _copy_as_it_lies(path, folder):
    """With its links: a library that has two names must not be two, for DPDK loads it by either."""
    real = path.resolve()
    if not (folder / str(real).lstrip("/")).exists():
        _copy(real, folder / str(real).lstrip("/"))
    if path != real:
        link = folder / str(path).lstrip("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(real)


def _pack(folder, ramdisk):
    names = "\n".join(os.path.relpath(Path(where) / name, folder) for where, folders, files in os.walk(folder)
                      for name in (*folders, *files))
    archive = subprocess.run([_BUSYBOX, "cpio", "-o", "-H", "newc"], input=names.encode(), cwd=folder, capture_output=True,
                             check=True).stdout
    ramdisk.write_bytes(gzip.compress(archive, 1))
