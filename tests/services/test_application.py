"""What surrounds the application: its entrypoint, which turns secret files into variables, and the smoke Job."""

from __future__ import annotations

import shutil

import pytest

from tests.services.machine import PATH, Finished, Pod, eventually
from tests.services.release import PASSWORDS, REDIS_PASSWORD, Release

SERVER = """
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[1]) if self.path == "/health" else 404)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("", 8000), Handler).serve_forever()
"""


def serve(release: Release, status: int) -> Pod:
    """A stand-in for the application, behind its own entrypoint."""
    pod = release.pod("app")
    pod.start("app", "sh", "/opt/entrypoint/universal-entrypoint.sh", "/usr/bin/python3", "-c", SERVER, str(status))
    return pod


def test_the_entrypoint_exports_secrets_and_nothing_else_of_them(release: Release) -> None:
    program = ["/usr/bin/env", "--null"]
    done = release.pod("app").run("app", "sh", "/opt/entrypoint/universal-entrypoint.sh", *program)
    variables = dict(entry.split("=", 1) for entry in done.log.split("\0") if entry)
    assert variables["POSTGRES_APP_USER_PW"] == PASSWORDS["postgres_app_user_pw"]
    assert variables["REDIS_PASSWORD"] == REDIS_PASSWORD
    assert variables["SESSION_SIGNING_SECRET"] == "session"
    assert variables["APP_ENVIRONMENT"] == "production"
    assert not [name for name in variables if "CRT" in name or "CA_BUNDLE" in name]


AWKWARD = """
mkdir -p /tmp/s/folder
printf 'one\\ntwo\\n' >/tmp/s/lines
for name in 1st a=b with.dot; do echo "$name" >/tmp/s/$name; done
SECRETS_DIR=/tmp/s exec sh /opt/entrypoint/universal-entrypoint.sh /usr/bin/env --null
"""


def test_the_entrypoint_leaves_out_what_cannot_be_a_variable(release: Release) -> None:
    done = release.pod("app").run("app", "sh", "-euc", AWKWARD)
    assert done.code == 0, done.log
    variables = dict(entry.split("=", 1) for entry in done.log.split("\0") if entry)
    assert variables["WITH_DOT"] == "with.dot"
    assert not {"FOLDER", "LINES", "1ST", "A", "A=B"} & set(variables)


def test_the_entrypoint_becomes_the_program_so_that_it_gets_the_signals(release: Release) -> None:
    pod = serve(release, 200)
    eventually(lambda: release.pod("smoke-test").run("smoke-test", SMOKE_TIMEOUT_SECONDS="0").code == 0, pod.logs)
    assert pod.terminate().code == 3


def test_the_smoke_job_passes_when_the_application_is_healthy(release: Release) -> None:
    job = release.pod("smoke-test").start("smoke-test")
    serve(release, 200)
    done = job.wait()
    assert (done.code, done.log) == (0, "ok http://app:8000/health\n")


# The script in an image that has these programs and no others.
WITH_ONLY = """
mkdir /tmp/bin
for program; do ln -s "$(command -v "$program")" /tmp/bin/; done
PATH=/tmp/bin exec sh /opt/smoke/smoke-test.sh
"""


def smoke_with(release: Release, *programs: str) -> Finished:
    command = ("sh", "-euc", WITH_ONLY, "sh", "sh", "date", "sleep", "tail", *programs)
    return release.pod("smoke-test").run("smoke-test", *command, SMOKE_TIMEOUT_SECONDS="0")


@pytest.mark.parametrize("program", ["curl", "wget", "python3"])
def test_the_smoke_job_takes_what_the_image_has(release: Release, program: str) -> None:
    if not shutil.which(program, path=PATH):
        pytest.skip(f"{program} is missing: apt-get install {program}")
    refused = smoke_with(release, program)
    assert refused.code == 1
    assert refused.log.startswith("FAIL http://app:8000/health: ")
    pod = serve(release, 200)
    eventually(lambda: smoke_with(release, program).log == "ok http://app:8000/health\n", pod.logs)


def test_the_smoke_job_says_that_the_image_has_nothing_to_ask_with(release: Release) -> None:
    done = smoke_with(release)
    assert done.code == 1
    assert "the image has none of curl, wget and python3" in done.log


@pytest.mark.parametrize(("status", "reason"), [(500, "500"), (0, "")])
def test_the_smoke_job_fails_with_the_reason(release: Release, status: int, reason: str) -> None:
    if status:
        serve(release, status)
    done = release.pod("smoke-test").run("smoke-test", SMOKE_TIMEOUT_SECONDS="5")
    assert done.code == 1
    assert "FAIL http://app:8000/health: " in done.log
    assert reason in done.log
