"""The look for what a run left behind finds each kind of it, here where it may be left."""

import os
import pathlib
import subprocess

import pytest

from .footprint import CGROUPS, ROOT, Footprint, namespaces_of, processes_in


@pytest.mark.scenario("harness: what is left behind is found")
@pytest.mark.usefixtures("cluster")
def test_what_is_left_behind_is_found(tmp_path: pathlib.Path) -> None:
    before = Footprint.look()
    assert before.added(Footprint.look()) == []
    hierarchy = next(path.parent for path in sorted(CGROUPS.glob(f"**/{ROOT}")))
    left = hierarchy / ROOT / "left"
    chain = "E2E-LEFT"
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", tmp_path], check=True)
    subprocess.run(["ip", "link", "add", "left0", "type", "bridge"], check=True)
    subprocess.run(["iptables", "-N", chain], check=True)
    left.mkdir()
    pathlib.Path("/var/lib/containerd").mkdir()
    try:
        found = {line.partition(":")[0]: line for line in before.added(Footprint.look())}
    finally:
        pathlib.Path("/var/lib/containerd").rmdir()
        left.rmdir()
        subprocess.run(["iptables", "-X", chain], check=True)
        subprocess.run(["ip", "link", "del", "left0"], check=True)
        subprocess.run(["umount", tmp_path], check=True)
    assert set(found) == {"mounts", "interfaces", "rules", "cgroups", "files"}
    assert found["mounts"] == f"mounts: {tmp_path} (tmpfs)"


@pytest.mark.scenario("harness: a process that lives on in the run's namespaces is found")
@pytest.mark.usefixtures("cluster")
def test_a_process_that_lives_on_is_found() -> None:
    with subprocess.Popen(["unshare", "--net", "sleep", "60"]) as process:
        while not (own := namespaces_of(process.pid)):
            os.sched_yield()
        assert processes_in(own) == [f"processes: {process.pid} sleep 60"]
        process.kill()
    assert processes_in(own) == []
