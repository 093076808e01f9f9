"""Manifests that several rules explain themselves with: `rules ID` shows them."""


def deployment(name: str, wave: int, spec: str = "", pod: str = "", annotations: str = "") -> str:
    """A Deployment in a wave, with fields added to its spec, its pod and its annotations."""
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  annotations: {{argocd.argoproj.io/sync-wave: "{wave}"{annotations}}}
spec:
  progressDeadlineSeconds: 300{spec}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers: [{{name: {name}, image: "{name}:1.0.0"{pod}}}]
"""


def service(name: str, wave: int) -> str:
    """A Service for the pods of a Deployment."""
    return f"""\
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  annotations: {{argocd.argoproj.io/sync-wave: "{wave}"}}
spec:
  selector: {{app: {name}}}
  ports: [{{port: 5432}}]
"""


def job(name: str, annotations: str, container: str = "", spec: str = "") -> str:
    """A Job with a deadline."""
    return f"""\
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
  annotations: {{{annotations}}}
spec:
  activeDeadlineSeconds: 300{spec}
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: job, image: "app:1.0.0"{container}}}]
"""


def wave(number: int) -> str:
    """The annotation of a wave."""
    return f'argocd.argoproj.io/sync-wave: "{number}"'


def config_map(name: str, annotations: str) -> str:
    """A ConfigMap with one key."""
    return f"""\
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  annotations: {{{annotations}}}
data: {{log_level: info}}
"""


def claim(annotations: str) -> str:
    """A PersistentVolumeClaim `data`."""
    return f"""\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  annotations: {{{annotations}}}
spec:
  accessModes: [ReadWriteOnce]
  resources: {{requests: {{storage: 10Gi}}}}
"""


def autoscaler(annotations: str) -> str:
    """A HorizontalPodAutoscaler of the Deployment `app`."""
    return f"""\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: app
  annotations: {{{annotations}}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: app}}
  minReplicas: 2
  maxReplicas: 5
  metrics: [{{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 80}}}}}}]
"""


DATABASE = f"---\n{deployment('postgres', 5)}{service('postgres', 5)}"
#: what a container has that connects to it
CONNECTS = ', env: [{name: DATABASE_URL, value: "postgres://app@postgres:5432/app"}]'
READS_SETTINGS = ", envFrom: [{configMapRef: {name: settings}}]"
#: something in a later wave, so that the waves before it are waited for
LAST = config_map("released", wave(40))
