"""What the kubelet makes of every pod of the synced `dev`: users, file systems, secret files, variables."""

import pytest

from tests.e2e.api import Object, RefusedError

from .conftest import PASSWORDS
from .pods import Pods

#: the user and group that each container runs as
USERS = {
    "postgres": (999, 999),
    "redis": (999, 1000),
    "temporal": (1000, 1000),
    "app": (1001, 1001),
    "worker": (1001, 1001),
}


@pytest.mark.scenario("every process: its user, no capability, no new privileges, seccomp")
@pytest.mark.parametrize("component", USERS)
def test_the_first_process_may_do_nothing_but_its_work(dev: Pods, component: str) -> None:
    user, group = USERS[component]
    said = dict(line.split(":\t", 1) for line in dev.execute(component, "cat", "/proc/1/status").splitlines())
    assert said["Uid"].split() == [str(user)] * 4
    assert said["Gid"].split() == [str(group)] * 4
    assert said["Groups"].split() == [str(group)]
    assert {said[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (said["NoNewPrivs"], said["Seccomp"]) == ("1", "2")


@pytest.mark.scenario("every root file system is read-only, its mounts are as the chart says")
@pytest.mark.parametrize("component", USERS)
def test_only_the_volumes_that_are_meant_to_be_can_be_written(dev: Pods, component: str) -> None:
    with pytest.raises(RefusedError, match="Read-only file system"):
        dev.execute(component, "touch", "/etc/x")
    mounts = {fields[1]: fields[3].split(",") for fields in _mounts(dev, component)}
    (container,) = [item for item in dev.get(component)["spec"]["containers"] if item["name"] == component]
    for mount in container["volumeMounts"]:
        options = mounts[mount["mountPath"].replace("/var/run/", "/run/")]
        assert options[0] == ("ro" if mount.get("readOnly") else "rw"), mount
        if not mount.get("readOnly"):
            file = f"{mount['mountPath']}/written"
            dev.execute(component, "sh", "-c", f"echo kept >{file} && rm {file}")


def _mounts(dev: Pods, component: str) -> list[list[str]]:
    return [line.split() for line in dev.execute(component, "cat", "/proc/1/mounts").splitlines()]


@pytest.mark.scenario("secret files: root's, readable by the pod's group alone, in memory")
@pytest.mark.parametrize("component", USERS)
def test_secret_files_are_the_groups_alone(dev: Pods, component: str) -> None:
    script = "cd /run/secrets && stat -L -c '%n %a %u %g' *"
    files = {line.split()[0]: line.split()[1:] for line in dev.execute(component, "sh", "-c", script).splitlines()}
    assert set(files) == _keys(dev.get(component)["spec"])
    assert files
    assert {tuple(fields) for fields in files.values()} == {("440", "0", str(USERS[component][1]))}
    (kind,) = {fields[2] for fields in _mounts(dev, component) if fields[1].endswith("/run/secrets")}
    assert kind == "tmpfs"


def _keys(spec: Object) -> set[str]:
    sources = [source for volume in spec["volumes"] for source in volume.get("projected", {}).get("sources", [])]
    return {item["path"] for source in sources for item in source["secret"]["items"]}


@pytest.mark.scenario("volumes belong to the pod's group (fsGroup), and data to its user")
def test_volumes_belong_to_the_group(dev: Pods) -> None:
    for component, paths in {"postgres": ("data", "backups"), "redis": ("data",)}.items():
        base = "/var/lib/postgresql" if component == "postgres" else ""
        for path in paths:
            said = dev.execute(component, "stat", "-c", "%a %u %g", f"{base}/{path}").split()
            assert said == ["2775", "0", str(USERS[component][1])], f"{component}: {path}"
    # 2000 is inherited; anything for the group, and the server refuses to start.
    assert dev.execute("postgres", "sh", "-c", "stat -c '%a %u %g' $PGDATA").split() == ["2700", "999", "999"]
    assert dev.execute("redis", "stat", "-c", "%u %g", "/data/appendonlydir").split() == ["999", "1000"]


@pytest.mark.scenario("no service account token, no variables of Services")
@pytest.mark.parametrize("component", USERS)
def test_pods_know_nothing_of_the_cluster(dev: Pods, component: str) -> None:
    found = dev.execute(
        component, "sh", "-c", "ls -d /run/secrets/k* /var/run/secrets/kubernetes.io 2>/dev/null || true"
    )
    assert not found
    variables = _variables(dev, component)
    links = {name for name in variables if "_SERVICE_" in name or name.endswith("_PORT") or "_PORT_" in name}
    assert {name for name in links if not name.startswith("KUBERNETES_")} <= {"APP_PORT", "DB_PORT"}


@pytest.mark.scenario("the application's variables come from its secret files, and from nowhere else")
def test_secret_files_become_variables_of_the_program_alone(dev: Pods) -> None:
    variables = _variables(dev, "app")
    assert variables["POSTGRES_APP_USER_PW"] == PASSWORDS["postgres_app_user_pw"]
    assert variables["REDIS_PASSWORD"] == PASSWORDS["redis_password"]
    assert variables["SESSION_SIGNING_SECRET"] == "e2e-session_signing_secret"
    for component in USERS:
        spec = str(dev.get(component)["spec"])
        assert not [name for name, secret in PASSWORDS.items() if repr(secret)[1:-1] in spec], component


def _variables(dev: Pods, component: str) -> dict[str, str]:
    """Those of the first process."""
    text = dev.execute(component, "cat", "/proc/1/environ")
    return dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)
