"""The main job on a scratch repository, step by step: what was written, an Application, the waves of an environment."""

import subprocess
import sys
import tempfile
from pathlib import Path

ENVIRONMENT = "dev"


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "my-gitops")
        step("A new repository, around the chart that comes with the tool", "init", str(folder))
        inside = ["-C", str(folder)]
        step("Its environments", *inside, "env", "list")
        step("Nothing is left to generate", *inside, "generate", "--check")
        print_file("One Application", folder / f"argocd/applications/{ENVIRONMENT}.yaml")
        step(f"How Argo CD will sync {ENVIRONMENT}", *inside, "plan", ENVIRONMENT)


def step(title: str, *arguments: str) -> None:
    shown = " ".join(word if "/" not in word else Path(word).name for word in arguments)
    print(f"\n== {title}: gitops-gen {shown}", flush=True)
    done = subprocess.run([sys.executable, "-m", "gitops_gen", *arguments], check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def print_file(title: str, path: Path) -> None:
    print(f"\n== {title}: {path.parent.name}/{path.name}\n{path.read_text()}", end="", flush=True)


if __name__ == "__main__":
    main()
