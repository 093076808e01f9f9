"""create-secrets.sh against a real API server: what it makes, keeps, rotates and refuses."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.built import BIN
from tests.services.branches import noted_script
from tests.services.machine import eventually, missing
from tests.services.release import CHART, make_secrets, rendered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.services.api_server import ApiServer

SCRIPT = CHART / "scripts" / "create-secrets.sh"
EVERY_SECRET = {"postgres-secrets", "postgres-tls", "postgres-ca", "redis-secrets", "app-secrets"}


@dataclass(frozen=True, kw_only=True)
class Namespace:
    api: ApiServer
    name: str
    source: Path

    def create(self, *arguments: str, before: Sequence[str] = (), **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script, behind the words of another command where there are some."""
        path = f"{BIN}:{os.environ['PATH']}"
        environment = os.environ | {"KUBECONFIG": str(self.api.kubeconfig), "PATH": path} | variables
        argv = [*before, str(noted_script(SCRIPT)), "--namespace", self.name, "--from", str(self.source), *arguments]
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)

    def secrets(self) -> dict[str, dict[str, str]]:
        items = json.loads(self.api.kubectl("get", "secrets", "-n", self.name, "-o", "json").stdout)["items"]
        return {
            item["metadata"]["name"]: {key: base64.b64decode(value).decode() for key, value in item["data"].items()}
            for item in items
        }

    def versions(self) -> dict[str, str]:
        items = json.loads(self.api.kubectl("get", "secrets", "-n", self.name, "-o", "json").stdout)["items"]
        return {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in items}


@pytest.fixture
def namespace(api_server: ApiServer, tmp_path: Path, request: pytest.FixtureRequest) -> Namespace:
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:60].strip("-")
    api_server.namespace(name)
    (tmp_path / "keys").mkdir()
    (tmp_path / "certs").mkdir()
    return Namespace(api=api_server, name=name, source=tmp_path)


def good(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everything_is_generated_and_a_second_run_changes_nothing(namespace: Namespace) -> None:
    good(namespace.create())
    made = namespace.secrets()
    assert set(made) == EVERY_SECRET
    passwords = [*made["postgres-secrets"].values(), *made["redis-secrets"].values(), *made["app-secrets"].values()]
    assert all(re.fullmatch("[A-Za-z0-9]{24}", password) for password in passwords)
    assert len(set(passwords)) == len(passwords) == 11
    before = namespace.versions()
    assert "wrote" not in good(namespace.create())
    assert namespace.versions() == before


def test_the_chart_reads_just_what_it_makes(namespace: Namespace) -> None:
    good(namespace.create())
    made = namespace.secrets()
    objects = rendered()
    sources = re.findall(r'"secret": (\{.*?\]\})', json.dumps(objects))
    read = {(source["name"], item["key"]) for source in map(json.loads, sources) for item in source["items"]}
    assert read
    assert read <= {(name, key) for name, data in made.items() for key in data}


def test_its_certificate_is_for_postgres_and_its_bundle_proves_it(namespace: Namespace, tmp_path: Path) -> None:
    good(namespace.create())
    made = namespace.secrets()
    for name, text in {**made["postgres-tls"], **made["postgres-ca"]}.items():
        (tmp_path / name).write_text(text)
    argv = [
        "openssl",
        "verify",
        "-CAfile",
        "root-ca.crt",
        "-untrusted",
        "ca-bundle.crt",
        "-verify_hostname",
        "postgres",
        "server.crt",
    ]
    assert subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_files_win_and_lose_their_last_newline(namespace: Namespace, tmp_path: Path) -> None:
    given = make_secrets(tmp_path)
    for name, text in {**given["postgres-tls"], **given["postgres-ca"]}.items():
        (namespace.source / "certs" / name).write_text(text)
    (namespace.source / "keys" / "redis_password.txt").write_text("from a file $HOME\n")
    assert f"from {namespace.source}/keys/redis_password.txt" in good(namespace.create())
    made = namespace.secrets()
    assert made["redis-secrets"] == {"redis_password": "from a file $HOME"}
    assert made["postgres-tls"] == given["postgres-tls"]


def test_rotation_changes_just_that_key(namespace: Namespace) -> None:
    good(namespace.create())
    before = namespace.secrets()
    assert "wrote postgres-secrets" in good(namespace.create("--rotate", "postgres_app_user_pw"))
    after = namespace.secrets()
    changed = {(name, key) for name in after for key in after[name] if after[name][key] != before[name][key]}
    assert changed == {("postgres-secrets", "postgres_app_user_pw")}
    good(namespace.create("--rotate", "postgres-tls"))
    last = namespace.secrets()
    assert all(last[name][key] != after[name][key] for name in ("postgres-tls", "postgres-ca") for key in last[name])
    assert last["postgres-secrets"] == after["postgres-secrets"]


def test_rotation_with_the_old_file_is_refused(namespace: Namespace) -> None:
    (namespace.source / "keys" / "redis_password.txt").write_text("same")
    good(namespace.create())
    done = namespace.create("--rotate", "redis_password")
    assert done.returncode == 1
    assert "still has the old value" in done.stderr


def test_rotation_with_a_new_file(namespace: Namespace) -> None:
    (namespace.source / "keys" / "redis_password.txt").write_text("old")
    good(namespace.create())
    (namespace.source / "keys" / "redis_password.txt").write_text("new")
    assert "wrote redis-secrets" in good(namespace.create("--rotate", "redis_password"))
    assert namespace.secrets()["redis-secrets"] == {"redis_password": "new"}


def test_keys_of_others_and_a_missing_key(namespace: Namespace) -> None:
    good(namespace.create())
    patch = json.dumps({"stringData": {"extra": "theirs"}, "data": {"session_signing_secret": None}})
    done = namespace.api.kubectl("patch", "secret", "app-secrets", "-n", namespace.name, "--type=merge", "-p", patch)
    assert done.returncode == 0, done.stderr
    before = namespace.secrets()["app-secrets"]
    assert "wrote app-secrets" in good(namespace.create())
    after = namespace.secrets()["app-secrets"]
    assert after == before | {"session_signing_secret": after["session_signing_secret"]}


def test_no_value_is_printed_kept_in_an_annotation_or_left_on_the_disk(namespace: Namespace) -> None:
    before = set(Path("/dev/shm").glob("secrets.*"))
    printed = good(namespace.create())
    objects = namespace.api.kubectl(
        "get", "secrets", "-n", namespace.name, "-o", "jsonpath={.items[*].metadata.annotations}"
    ).stdout
    for values in namespace.secrets().values():
        for value in values.values():
            assert value not in printed
            assert value not in objects
    left = set(Path("/dev/shm").glob("secrets.*")) - before
    # Another test may run the script right now; its folder goes too.
    eventually(lambda: not any(path.exists() for path in left), lambda: f"still there: {left}", seconds=30)


def test_a_dry_run_touches_nothing(namespace: Namespace) -> None:
    assert "generated" in good(namespace.create("--dry-run"))
    assert namespace.secrets() == {}


def test_some_certificates_only_are_refused_before_anything_is_written(namespace: Namespace) -> None:
    (namespace.source / "certs" / "server.crt").write_text("certificate")
    done = namespace.create()
    assert done.returncode == 1
    assert "has 1 of the 5 files" in done.stderr
    assert namespace.secrets() == {}


def test_a_certificate_for_another_host_is_refused_before_anything_is_written(
    namespace: Namespace, tmp_path: Path
) -> None:
    given = make_secrets(tmp_path)
    for name, text in {**given["postgres-tls"], **given["postgres-ca"]}.items():
        (namespace.source / "certs" / name).write_text(text)
    (namespace.source / "certs" / "server.crt").write_text(given["postgres-ca"]["intermediate-ca.crt"])
    done = namespace.create()
    assert done.returncode == 1
    assert "server.crt is not for the host `postgres`" in done.stderr
    assert namespace.secrets() == {}


def test_an_empty_file_is_refused_before_anything_is_written(namespace: Namespace) -> None:
    (namespace.source / "keys" / "csrf_signing_secret.txt").write_text("\n")
    done = namespace.create()
    assert done.returncode == 1
    assert "csrf_signing_secret.txt is empty" in done.stderr
    assert namespace.secrets() == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--rotate", "typo"], "no such key"), (["--frm", "x"], "unknown argument"), (["--namespace", ""], "")],
)
def test_wrong_usage_is_exit_2(namespace: Namespace, arguments: list[str], message: str) -> None:
    done = namespace.create(*arguments)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert namespace.secrets() == {}


def test_a_namespace_that_does_not_exist_is_named(namespace: Namespace) -> None:
    done = replace(namespace, name="nowhere").create()
    assert done.returncode == 1
    assert 'namespaces "nowhere" not found' in done.stderr


@pytest.mark.parametrize("absent", ["kubectl", "openssl"])
def test_a_missing_program_is_named(tmp_path: Path, absent: str) -> None:
    for name in {"bash", "kubectl", "openssl"} - {absent}:
        (tmp_path / name).symlink_to(shutil.which(name) or "/bin/true")
    argv = [str(noted_script(SCRIPT)), "--namespace", "any"]
    done = subprocess.run(argv, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, f"create-secrets.sh: {absent} is not on PATH\n")


def test_without_a_namespace_it_does_nothing() -> None:
    done = subprocess.run([noted_script(SCRIPT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "create-secrets.sh: --namespace is missing: see --help\n")


def test_openssl_that_fails_is_quoted_and_nothing_is_written(namespace: Namespace, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "openssl").write_text(OPENSSL_WITHOUT_CURVES.format(openssl=shutil.which("openssl")))
    (programs / "openssl").chmod(0o755)
    done = namespace.create(PATH=f"{programs}:{BIN}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert done.stderr == "unknown curve name\n"
    assert namespace.secrets() == {}


OPENSSL_WITHOUT_CURVES = """#!/bin/sh
[ "$1" != ecparam ] || {{ echo unknown curve name >&2; exit 1; }}
exec {openssl} "$@"
"""


def test_without_memory_to_work_in_it_takes_the_temporary_folder(namespace: Namespace, tmp_path: Path) -> None:
    if absent := missing():
        pytest.skip(absent)
    work = tmp_path / "work"
    work.mkdir()
    closed = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc", WITHOUT_SHARED_MEMORY, "sh"]
    done = namespace.create("--dry-run", before=closed, TMPDIR=str(work), SEEN=str(tmp_path / "seen"))
    assert "generated" in good(done)
    assert str(work) in (tmp_path / "seen").read_text()
    assert list(work.iterdir()) == []


# mktemp is asked for the folder by its full name: that is what is seen.
WITHOUT_SHARED_MEMORY = """
mount -t tmpfs -o ro none /dev/shm
mkdir /tmp/$$ && trap 'rm -r /tmp/$$' EXIT
printf '#!/bin/sh\\necho "$@" >"$SEEN"; exec /usr/bin/mktemp "$@"\\n' >/tmp/$$/mktemp
chmod +x /tmp/$$/mktemp
PATH=/tmp/$$:$PATH "$@"
"""


def test_help_is_the_text_at_its_top() -> None:
    done = subprocess.run([noted_script(SCRIPT), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "usage: create-secrets.sh --namespace NAME" in done.stdout
    assert "set -euo" not in done.stdout
