"""The plan of a migration: of the unchanged original, and of one with changes in the cluster."""

import json
import re
import subprocess
from collections.abc import Callable
from functools import reduce
from operator import getitem
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from gitops_gen.yaml.reader import load, load_all
from gitops_gen.yaml.writer import dump
from tests.conftest import GitopsGen, Golden
from tests.migration.conftest import Migrate
from tests.migration.original import NAMESPACE, Object, exported, original

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
Edit = Callable[[dict[str, Object]], Any]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def steady(text: str) -> str:
    """Without what any change of the chart changes: the hash in a Job's name."""
    return re.sub(r"\b((?:postgres|temporal)-[a-z-]+)-[0-9a-f]{8}\b", r"\1-HASH", text)


@pytest.mark.parametrize("mode", ["argocd", "helm"])
@pytest.mark.parametrize("output", ["text", "sh"])
def test_the_unchanged_original(migrate: Migrate, golden: Golden, mode: str, output: str) -> None:
    result = migrate(exported(), f"--{mode}", "--output", output)
    assert (result.code, result.err) == (0, "")
    golden(HERE / "golden" / f"{mode}.{output}", steady(result.out))


def container(item: Object) -> Object:
    found: Object = item["spec"]["template"]["spec"]["containers"][0]
    return found


def volume(item: Object) -> Object:
    found: Object = item["spec"]["template"]["spec"]["volumes"][0]
    return found


def forget(*items: Object) -> None:
    for item in items:
        del item["metadata"]["annotations"][LAST_APPLIED]


def reapply(item: Object, path: tuple[str, ...], value: Any) -> None:
    """Set a field of the live object, and note it as applied."""
    noted = json.loads(item["metadata"]["annotations"][LAST_APPLIED])
    for root in (item, noted):
        reduce(getitem, path[:-1], root)[path[-1]] = value
    item["metadata"]["annotations"][LAST_APPLIED] = json.dumps(noted)


def rename(items: dict[str, Object], old: str, new: str) -> None:
    items[f"PersistentVolumeClaim/{old}"]["metadata"]["name"] = new
    for item in items.values():
        if item["kind"] == "Deployment":
            for found in item["spec"]["template"]["spec"].get("volumes", []):
                claim = found.get("persistentVolumeClaim", {})
                if claim.get("claimName") == old:
                    claim["claimName"] = new


def add_secret(items: dict[str, Object]) -> None:
    metadata = {"name": "app-secrets", "namespace": NAMESPACE, "uid": "s", "annotations": {LAST_APPLIED: "hunter2"}}
    items["Secret/app-secrets"] = {
        "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque",
        "data": {"session_signing_secret": "hunter2"}, "stringData": {"csrf_signing_secret": "hunter2"},
    }  # fmt: skip


def note(item: Object, **annotations: str) -> None:
    item["metadata"]["annotations"] |= annotations


CLAIM = "PersistentVolumeClaim/postgres-data"
POSTGRES = "Deployment/postgres"
OTHER_RELEASE = {"meta.helm.sh/release-name": "cache", "meta.helm.sh/release-namespace": "shared"}
OTHER_APPLICATION = {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:api-forge-prod/app"}
#: a difference in the cluster that `migrate` must report
EDITS: dict[str, Edit] = {
    "claim_that_is_larger": lambda o: o[CLAIM]["spec"]["resources"]["requests"].update(storage="50Gi"),
    "claim_that_is_smaller": lambda o: o[CLAIM]["spec"]["resources"]["requests"].update(storage="1Gi"),
    "claim_of_the_same_size_in_other_words": lambda o: o[CLAIM]["spec"]["resources"]["requests"].update(
        storage="10240Mi"
    ),
    "claim_with_another_class": lambda o: reapply(o[CLAIM], ("spec", "storageClassName"), "fast"),
    "claim_of_another_access_mode": lambda o: o[CLAIM]["spec"].update(accessModes=["ReadWriteMany"]),
    "claim_bound_to_a_volume_by_name": lambda o: reapply(o[CLAIM], ("spec", "volumeName"), "pv-1"),
    "claim_of_another_name": lambda o: rename(o, "postgres-data", "prod-postgres-data"),
    "claim_that_was_not_exported": lambda o: o.pop(CLAIM),
    "data_in_no_claim": lambda o: (volume(o[POSTGRES]).pop("persistentVolumeClaim"), volume(o[POSTGRES]).update(
        emptyDir={}
    )),
    "data_in_a_folder_of_the_volume": lambda o: container(o[POSTGRES])["volumeMounts"][0].update(subPath="db"),
    "another_data_folder": lambda o: container(o[POSTGRES])["env"].pop(1),
    "another_superuser": lambda o: container(o[POSTGRES])["env"].append({"name": "POSTGRES_USER", "value": "root"}),
    "another_number_of_shards": lambda o: container(o["Deployment/temporal"])["env"][5].update(value="512"),
    "other_names_of_databases": lambda o: o["ConfigMap/app-env"]["data"].update(APP_DB="shop", TEMPORAL_DB="flows"),
    "deployment_with_another_selector": lambda o: o["Deployment/redis"]["spec"]["selector"].update(
        matchLabels={"app": "redis"}
    ),
    "objects_that_kubectl_apply_did_not_make": lambda o: forget(o["Service/app"], o["Deployment/worker"]),
    "deployment_that_was_stopped": lambda o: o["Deployment/app"]["spec"].update(replicas=0),
    "service_that_is_published": lambda o: o["Service/app"]["spec"].update(type="LoadBalancer"),
    "secrets_in_the_export": add_secret,
    "object_of_another_helm_release": lambda o: note(o["Service/redis"], **OTHER_RELEASE),
    "object_of_another_application": lambda o: note(o["Deployment/app"], **OTHER_APPLICATION),
    "volume_of_nobody": lambda o: o["PersistentVolumeClaim/app-logs"]["metadata"].pop("labels"),
    "no_redis": lambda o: [o.pop(key) for key in list(o) if "redis" in key],
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_differences_from_the_original_are_reported(migrate: Migrate, golden: Golden, name: str) -> None:
    """The lines of the plan, without commands, that differ from the plan of the unchanged original."""
    usual, changed = migrate(exported()), migrate(exported(EDITS[name]))
    assert (changed.code, changed.err) in ((0, ""), (1, ""))
    known = set(plan_lines(usual.out))
    different = [line for line in plan_lines(changed.out) if line not in known]
    assert "hunter2" not in changed.out
    golden(HERE / "golden" / "different" / f"{name}.txt", steady("\n".join([*different, f"exit {changed.code}", ""])))


def plan_lines(text: str) -> list[str]:
    """The lines above the commands, with columns two blanks apart: their width depends on their content."""
    above = text.partition("\nCheck the prerequisites\n")[0]
    return [re.sub(r" {2,}", "  ", line.rstrip()) for line in above.splitlines()]


@pytest.mark.parametrize("path", sorted((HERE / "exports").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_wrong_export_is_reported(path: Path, moved: Path, gitops_gen: GitopsGen, golden: Golden) -> None:
    result = gitops_gen(moved, "migrate", "production", "--live", str(path))
    printed = f"{result.out}{result.err}exit {result.code}\n"
    assert "hunter2" not in printed
    assert result.code == 1
    golden(path.with_suffix(".txt"), printed.replace(str(path.parent), "."))


@pytest.mark.parametrize("output", ["text", "json", "yaml", "sh", "restore"])
def test_no_value_of_a_secret_is_printed(migrate: Migrate, caplog: pytest.LogCaptureFixture, output: str) -> None:
    caplog.set_level("DEBUG")
    result = migrate(exported(add_secret), "--output", output)
    assert result.code == 0, result.err
    assert "hunter2" not in result.out + result.err + caplog.text


def test_the_outputs_have_the_same_content(migrate: Migrate) -> None:
    as_json, as_yaml = (migrate(exported(), "--output", form) for form in ("json", "yaml"))
    plan = json.loads(as_json.out)
    assert plan == load(as_yaml.out, "output")
    commands = [step["command"] for phase in plan["phases"] for step in phase["steps"] if step["command"]]
    text = re.sub(r"^ {4,5}", "", migrate(exported()).out, flags=re.MULTILINE)
    assert len(commands) > 15
    assert [command for command in commands if command not in text] == []


def test_the_scripts_pass_shellcheck(migrate: Migrate, tmp_path: Path) -> None:
    shellcheck = which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is missing")
    for mode in ("argocd", "helm"):
        script = tmp_path / f"{mode}.sh"
        script.write_text(migrate(exported(), f"--{mode}", "--output", "sh").out)
        done = subprocess.run([shellcheck, script], capture_output=True, text=True, check=False)
        assert done.stdout == ""


def test_no_script_while_a_value_must_be_set(migrate: Migrate) -> None:
    result = migrate(exported(EDITS["claim_that_is_larger"]), "--output", "sh")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: no script yet: 1 value to set, 0 blocking concerns\n")


def test_the_way_back_has_what_was_applied(migrate: Migrate) -> None:
    """Every object but volumes and Jobs, as `kubectl apply` was given them."""
    restored = {(item["kind"], item["metadata"]["name"]): item for item in load_all(migrate(
        exported(), "--output", "restore"
    ).out, "restored")}  # fmt: skip
    stay = ("PersistentVolumeClaim", "Job")
    expected = {(item["kind"], item["metadata"]["name"]): item for item in original() if item["kind"] not in stay}
    for item in restored.values():
        item["spec"] = {key: value for key, value in item.get("spec", {}).items() if key != "sessionAffinity"}
    for item in expected.values():
        item.setdefault("spec", {})
    assert restored == expected


def test_write_sets_values_as_set_does(reference: Path, gitops_gen: GitopsGen, tmp_path: Path) -> None:
    live = tmp_path / "live.yaml"
    live.write_text(exported(EDITS["claim_that_is_larger"], EDITS["another_number_of_shards"]))
    arguments = ("migrate", "production", "--live", str(live))
    assert gitops_gen(reference, *arguments).code == 1
    before = (reference / "environments/production/environment.yaml").read_text()
    dry = gitops_gen(reference, *arguments, "--write", "--dry-run")
    assert (dry.code, (reference / "environments/production/environment.yaml").read_text()) == (0, before)

    written = gitops_gen(reference, *arguments, "--write", "--commit")
    assert written.code == 0, written.err
    assert "Set postgresql.persistence.data.size to 50Gi\n" in written.err
    after = load((reference / "environments/production/environment.yaml").read_text(), "environment.yaml")
    assert after["namespace"] == NAMESPACE
    assert after["values"]["postgresql"]["persistence"]["data"] == {"size": "50Gi"}
    assert after["values"]["temporal"]["numHistoryShards"] == 512
    assert gitops_gen(reference, "generate", "--check").code == 0
    assert gitops_gen(reference, *arguments).code == 0
    again = gitops_gen(reference, *arguments, "--write")
    assert again.err == "nothing changes\n"


def test_an_existing_claim_is_mounted_and_not_created(moved: Path, gitops_gen: GitopsGen, tmp_path: Path) -> None:
    live = tmp_path / "live.yaml"
    live.write_text(exported(EDITS["claim_of_another_name"]))
    arguments = ("migrate", "production", "--live", str(live))
    assert gitops_gen(moved, *arguments, "--write").code == 0
    plan = json.loads(gitops_gen(moved, *arguments, "--output", "json").out)
    outcomes = {item["id"]: item["outcome"] for item in plan["objects"]}
    assert outcomes["PersistentVolumeClaim/prod-postgres-data"] == "kept"
    assert (plan["ready"], plan["values"]) == (True, [])
    rendered = load_all(gitops_gen(moved, "render", "production").out, "rendered")
    assert "postgres-data" not in {item["metadata"]["name"] for item in rendered}


def test_a_value_that_the_chart_does_not_have_blocks(moved: Path, gitops_gen: GitopsGen, tmp_path: Path) -> None:
    values = moved / "helm/api-forge/values.yaml"
    schema = moved / "helm/api-forge/values.schema.json"
    values.write_text(values.read_text().replace("numHistoryShards", "shards"))
    schema.write_text(schema.read_text().replace("numHistoryShards", "shards"))
    for template in (moved / "helm/api-forge/templates").rglob("*.*"):
        template.write_text(template.read_text().replace("numHistoryShards", "shards"))
    (tmp_path / "live.yaml").write_text(exported(EDITS["another_number_of_shards"]))
    result = gitops_gen(moved, "migrate", "production", "--live", str(tmp_path / "live.yaml"))
    assert result.code == 1
    assert (
        "but the chart has no temporal.numHistoryShards\n    find the chart's key for this setting, and set it to 512"
        in (result.out)
    )
    assert "Rollback" not in result.out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ((), "Missing option '--live'"),
        (("--live", "nowhere.yaml"), "nowhere.yaml"),
        (("--live", "gitops.yaml", "--commit"), "need --write"),
        (("--live", "gitops.yaml", "--write", "--output", "sh"), "--write prints what it wrote"),
    ],
)
def test_usage(
    moved: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(moved)
    result = gitops_gen(moved, "migrate", "production", *typed)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_a_misspelt_environment(moved: Path, gitops_gen: GitopsGen, tmp_path: Path) -> None:
    (tmp_path / "live.yaml").write_text(exported())
    result = gitops_gen(moved, "migrate", "prodution", "--live", str(tmp_path / "live.yaml"))
    assert (result.code, result.err) == (2, "error: no environment `prodution`\n    did you mean `production`?\n")


def test_an_export_as_json_is_read_too(migrate: Migrate) -> None:
    as_json = json.dumps(load(exported(), "live"), indent=4)
    assert migrate(as_json).out == migrate(exported()).out


def test_a_stream_of_documents_is_read_too(migrate: Migrate) -> None:
    """What `for kind in …; do kubectl get $kind -o yaml; echo ---; done` gives."""
    items = load(exported(), "live")["items"]
    assert migrate("---\n".join(dump(item) for item in items)).out == migrate(exported()).out
