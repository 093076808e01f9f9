"""Which values look like a credential: the usual names with a literal, and few else."""

from pathlib import Path
from typing import Any

import pytest

from gitops_gen.helm.credential_keys import credentials, is_credential
from gitops_gen.yaml.reader import load_all
from tests.conftest import GIT_SETTINGS, REPOSITORY, GitopsGen, commit_all, git

URL = "postgres://app:hunter2@db:5432/app"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("password", "hunter2"),
        ("postgresPassword", 12345678),
        ("DB_PASSWORD", "change me"),
        ("api-key", "AKIA5XYZ12345678"),
        ("apiKey", "sk_live_51Habc"),
        ("token", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
        ("clientSecret", "9f86d081884c7d659a2f"),
        ("privateKey", "MIIEvQIBADANBgkqhkiG9w0"),
        ("url", URL),
        ("tls", "-----BEGIN RSA PRIVATE KEY-----\nMII\n"),
    ],
)
def test_a_credential_is_found(key: str, value: object) -> None:
    assert is_credential((key,), value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("password", ""),
        ("password", "{{ .Values.password }}"),
        ("password", "$(PASSWORD)"),
        ("password", "<path:secret/data/app#password>"),
        ("passwordFile", "/run/secrets/password"),
        ("password", "/run/secrets/password"),
        ("passwordKey", "postgres-password"),
        ("existingSecret", "postgres-login"),
        ("secret", "app-secrets"),
        ("secretName", "app-tls-2024"),
        ("token", "app-token"),
        ("token", True),
        ("tokenUrl", "https://login.example.com/token"),
        ("automountServiceAccountToken", True),
        ("secret", "api-forge/production/app"),
        ("url", "postgres://app:$(PASSWORD)@db/app"),
        ("url", "https://git.example.com/shop"),
        ("image", "shop@sha256:9f86d081884c7d659a2f"),
    ],
)
def test_what_is_none_is_not_found(key: str, value: object) -> None:
    assert not is_credential((key,), value)


def examples() -> list[Path]:
    """Every file of values that this repository has as an example."""
    names = ("values.yaml", "release.yaml", "environment.yaml")
    folders = ("helm", "environments", "tests/inputs/good", "tests/inputs/examples", "tests/snapshots")
    return [REPOSITORY / name for name in git(REPOSITORY, "ls-files", *folders).split() if name.endswith(names)]


def test_there_is_no_false_alarm_in_the_examples() -> None:
    found: dict[str, Any] = {}
    for file in examples():
        for document in load_all(file.read_text(), str(file)):
            found |= {f"{file}: {path}": path for path in credentials(document)}
    assert len(examples()) > 10
    assert found == {}


def test_a_credential_in_the_inputs_is_noted_each_time(good: Path, gitops_gen: GitopsGen) -> None:
    file = good / "environments/dev/environment.yaml"
    file.write_text(f"{file.read_text()}  settings: {{password: hunter2}}\n")
    for _ in range(2):
        noted = gitops_gen(good, "generate").err
        assert "note: environments/dev/environment.yaml:6: values.settings.password looks like a credential" in noted
        assert "gitops-gen secrets" in noted


def test_a_commit_never_names_a_credential(good: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIT_SETTINGS.items():
        monkeypatch.setenv(name, value)
    commit_all(good)
    result = gitops_gen(good, "set", "dev", "settings.password=hunter2", "settings.db=" + URL, "replicas=3", "--commit")
    assert result.code == 0, result.err
    assert "hunter2" not in git(good, "log", "-1", "--format=%B")
    assert "hunter2" not in result.err
    assert "warning: settings.password looks like a credential" in result.err
    assert gitops_gen(good, "set", "dev", "settings.password=hunter3", "--commit").code == 0
    assert git(good, "log", "-1", "--format=%s") == "Set settings.password in dev\n"
