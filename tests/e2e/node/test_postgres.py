"""PostgreSQL on the node: TLS, what init made, the verifier, and data that outlive pod and crash."""

import pytest

from tests.e2e.api import RefusedError
from tests.e2e.argocd import ArgoCD
from tests.e2e.project import Project

from .pods import Pods, status

NETWORK = "host=postgres dbname=appdb user=appuser"
#: the pod's own address, by TCP: no policy lets a pod reach itself by its Service
ADDRESS = "PGHOSTADDR=$(hostname -i)"
PASSWORD = f"{ADDRESS} PGPASSWORD=$(cat /run/secrets/postgres_app_user_pw) exec psql -At"


@pytest.mark.scenario("postgres: TLS over the network, plaintext refused")
def test_only_tls_gets_in(dev: Pods) -> None:
    encrypted = (
        f"{PASSWORD} -d '{NETWORK} sslmode=require' -c 'SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()'"
    )
    assert dev.execute("postgres", "sh", "-c", encrypted).strip() == "TLSv1.3"
    with pytest.raises(RefusedError, match=r"pg_hba\.conf rejects connection .* no encryption"):
        dev.execute("postgres", "sh", "-c", f"{PASSWORD} -d '{NETWORK} sslmode=disable' -c 'SELECT 1'")
    wrong = f"{ADDRESS} PGPASSWORD=wrong exec psql -d '{NETWORK} sslmode=require' -c 'SELECT 1'"
    with pytest.raises(RefusedError, match="password authentication failed"):
        dev.execute("postgres", "sh", "-c", wrong)


@pytest.mark.scenario("postgres: init made the roles, databases and owners")
def test_init_made_roles_and_databases(dev: Pods) -> None:
    roles = (
        "SELECT string_agg(rolname || ' ' || rolcanlogin, ', ' ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'"
    )
    assert dev.sql(roles) == (
        "appowner false, appuser true, backupuser true, postgres true, temporaluser true, temporaluser_owner false"
    )
    owners = "SELECT datname || ' ' || pg_get_userbyid(datdba) FROM pg_database WHERE datname !~ '^template' ORDER BY 1"
    assert dev.sql(owners).splitlines() == [
        "appdb appowner",
        "postgres postgres",
        "temporal temporaluser_owner",
        "temporal_visibility temporaluser_owner",
    ]
    assert "initdb" not in dev.log("postgres")


@pytest.mark.scenario("postgres: the verifier passes, names a revoked grant, and passes again once it is restored")
def test_the_verifier_names_a_fault(argocd: ArgoCD, project: Project, dev: Pods) -> None:
    passed = dev.wait_job("postgres-verifier", "Complete")
    assert dev.log("postgres-verifier", "verifier").endswith("all checks passed\n")

    dev.sql("REVOKE CREATE ON SCHEMA app FROM appuser")
    delete_verifier(dev)
    failed = dev.wait_job("postgres-verifier", "Failed", other_than=passed["metadata"]["uid"])
    said = dev.log("postgres-verifier", "verifier").splitlines()
    assert [line.partition(":")[0] for line in said if line.startswith("FAIL")] == ["FAIL schema-grants"]

    old = dev.get("postgres")["metadata"]["uid"]
    dev.delete("postgres")
    dev.wait_ready("postgres", other_than=old)
    delete_verifier(dev)
    dev.wait_job("postgres-verifier", "Complete", other_than=failed["metadata"]["uid"])
    argocd.wait_synced(project.application("dev"))


def delete_verifier(dev: Pods) -> None:
    """How the documentation has it run again: Argo CD creates it again."""
    label = "app.kubernetes.io/name=postgres-verifier"
    dev.node.kubectl("delete", "job", "-n", dev.namespace, "-l", label)


@pytest.mark.scenario("postgres: a deleted pod shuts down cleanly within its grace, data survive")
def test_data_survive_the_pod(dev: Pods) -> None:
    dev.sql("CREATE TABLE app.kept AS SELECT 42 AS answer")
    old = dev.get("postgres")
    ended = dev.delete("postgres")
    assert ended.seconds < old["spec"]["terminationGracePeriodSeconds"]
    assert ended.code == 0
    assert "received fast shutdown request" in ended.log
    assert ended.log.rstrip().endswith("database system is shut down")

    dev.wait_ready("postgres", other_than=old["metadata"]["uid"])
    assert dev.sql("SELECT answer FROM app.kept") == "42"
    assert "automatic recovery" not in dev.log("postgres", "init-database") + dev.log("postgres")


@pytest.mark.scenario("postgres: a killed server is restarted and recovers")
def test_data_survive_a_crash(dev: Pods) -> None:
    dev.sql("CREATE TABLE app.survived AS SELECT 43 AS answer")
    pod = dev.get("postgres")
    dev.kill("postgres")
    again = dev.wait_ready("postgres", restarts=status(pod, "postgres")["restartCount"] + 1)
    assert again["metadata"]["uid"] == pod["metadata"]["uid"]
    assert dev.sql("SELECT answer FROM app.survived") == "43"
    assert "automatic recovery in progress" in dev.log("postgres")
