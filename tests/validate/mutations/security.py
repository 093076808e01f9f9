"""Faults of the pods: what the profile of the namespace and the cluster's own policies refuse."""

from tests.validate.mutation import WEB, Mutation, edited

WORKER = "chart/templates/worker.yaml"
REPORT = "chart/templates/report.yaml"
EDGE = "chart/templates/edge.yaml"
STORAGE = "chart/templates/storage.yaml"
PROJECT = "gitops.yaml"
POLICIES = "cluster/policies.yaml"
_OWN = "          securityContext:\n            allowPrivilegeEscalation: false\n"
_REPORTS = "              securityContext:\n                allowPrivilegeEscalation: false\n"
_SCRATCH = "emptyDir: {sizeLimit: 1Gi}"


def _refused(name: str, old: str, new: str, line: str, **more: str) -> Mutation:
    place = {"object": "Deployment/web", **more}
    return Mutation(name=name, rule="pod-security-enforced", old=old, new=new, line=line, **place)  # type: ignore[arg-type]


def _of_worker(name: str, old: str, new: str, line: str) -> Mutation:
    return _refused(name, old, new, line, file=WORKER, object="Deployment/worker")


def _policy(name: str, old: str, new: str, **more: str) -> Mutation:
    place = {"rule": "admission-denied", **more}
    return Mutation(name=name, old=old, new=new, line="kind: ", **place)  # type: ignore[arg-type]


_ESCALATES = (WEB, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true")

MUTATIONS = (
    _refused("host network", "      serviceAccountName: web\n", "      hostNetwork: true\n", "hostNetwork"),
    _refused("host processes", "      serviceAccountName: web\n", "      hostPID: true\n", "hostPID"),
    _refused("host memory", "      serviceAccountName: web\n", "      hostIPC: true\n", "hostIPC"),
    _refused("root allowed to the pod", "runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot: false"),
    _refused("user zero", "runAsNonRoot: true", "runAsNonRoot: true\n        runAsUser: 0", "runAsUser: 0"),
    _refused("seccomp of the pod off", "type: RuntimeDefault", "type: Unconfined", "type: Unconfined"),
    _refused(
        "unsafe sysctl",
        "        runAsNonRoot: true\n",
        "        runAsNonRoot: true\n        sysctls:\n          - name: kernel.msgmax\n            value: '1'\n",
        "kernel.msgmax",
    ),
    _refused("init container escalates", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "true"),
    _refused("init container drops nothing", "drop: [ALL]", "drop: []", "drop: []"),
    _refused("init container is privileged", _OWN, f"{_OWN}            privileged: true\n", "privileged: true"),
    _refused(
        "init container adds a capability",
        "              drop: [ALL]\n",
        "              drop: [ALL]\n              add: [NET_ADMIN]\n",
        "NET_ADMIN",
    ),
    _refused(
        "container port of the host", "- name: metrics\n", "- name: metrics\n              hostPort: 9090\n", "hostPort"
    ),
    _refused(
        "container as root",
        "            readOnlyRootFilesystem: true\n",
        "            readOnlyRootFilesystem: true\n            runAsUser: 0\n",
        "runAsUser: 0",
    ),
    _refused(
        "container with SELinux type",
        "            readOnlyRootFilesystem: true\n",
        "            seLinuxOptions:\n              type: spc_t\n",
        "spc_t",
    ),
    _refused(
        "container without seccomp",
        "            readOnlyRootFilesystem: true\n",
        "            seccompProfile:\n              type: Unconfined\n",
        "Unconfined",
    ),
    _refused(
        "container without AppArmor",
        "            readOnlyRootFilesystem: true\n",
        "            appArmorProfile:\n              type: Unconfined\n",
        "Unconfined",
    ),
    _refused(
        "container with unmasked proc",
        "            readOnlyRootFilesystem: true\n",
        "            procMount: Unmasked\n",
        "procMount",
    ),
    _of_worker("worker's volume of the host", _SCRATCH, "hostPath: {path: /var/log}", "hostPath"),
    _of_worker("worker's volume of a server", _SCRATCH, "nfs: {server: files, path: /}", "nfs"),
    _of_worker("worker escalates", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "true"),
    _of_worker("worker keeps its capabilities", "drop: [ALL]", "drop: [CHOWN]", "drop: [CHOWN]"),
    _of_worker("worker may be root", "        runAsNonRoot: true\n", "", "securityContext"),
    _of_worker(
        "worker without seccomp", "        seccompProfile:\n          type: RuntimeDefault\n", "", "securityContext"
    ),
    _of_worker(
        "worker says nothing of escalation", "            allowPrivilegeEscalation: false\n", "", "securityContext"
    ),
    _refused(
        "report is privileged",
        _REPORTS,
        f"{_REPORTS}                privileged: true\n",
        "privileged: true",
        file=REPORT,
        object="CronJob/report",
    ),
    _refused(
        "report on the host's network",
        "          restartPolicy: Never\n",
        "          restartPolicy: Never\n          hostNetwork: true\n",
        "hostNetwork",
        file=REPORT,
        object="CronJob/report",
    ),
    Mutation(
        name="profile that is none",
        rule="pod-security-profile-unknown",
        file=PROJECT,
        old="enforce: restricted",
        new="enforce: strict",
    ),
    Mutation(
        name="warned of escalation",
        rule="pod-security-warned",
        object="Deployment/web",
        apply=edited((PROJECT, "enforce: restricted", "enforce: baseline"), _ESCALATES),
        at=WEB,
        line="allowPrivilegeEscalation: true",
    ),
    _policy("too many replicas", "{{ .Values.replicas }}", "6", object="Deployment/web"),
    _policy(
        "image of another registry",
        'image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"\n          args',
        "image: docker.io/library/nginx:1.29.0\n          args",
        object="Deployment/worker",
        file=WORKER,
    ),
    _policy(
        "pod with too much memory",
        "limits: {memory: 64Mi}",
        "limits: {memory: 8Gi}",
        object="Deployment/worker",
        file=WORKER,
    ),
    _policy(
        "job's pod without limit",
        "                limits: {memory: 64Mi}\n",
        "",
        object="CronJob/report",
        file=REPORT,
    ),
    _policy("node port", "type: ClusterIP", "type: NodePort", object="Service/web", rule="admission-warned"),
    _policy(
        "claim too large",
        "{{ .Values.storage }}",
        "200Gi",
        object="PersistentVolumeClaim/data",
        file=STORAGE,
        rule="admission-warned",
    ),
    _policy(
        "host of another domain",
        "{{ .Values.ingress.host }}",
        "shop.example.net",
        object="Ingress/web",
        file=EDGE,
        rule="admission-warned",
    ),
    Mutation(
        name="policy asks who asks",
        rule="admission-unknown",
        object="Deployment/web",
        file=POLICIES,
        old="      message: too many replicas",
        new="    - expression: request.userInfo.username != 'x'",
    ),
    Mutation(
        name="policy that no library reads",
        rule="admission-unknown",
        object="Deployment/web",
        file=POLICIES,
        old="object.spec.replicas <=",
        new="object.metadata.labels.all(k, v, v != '') && object.spec.replicas <=",
    ),
    Mutation(
        name="binding of no policy",
        rule="admission-unbound",
        object="ValidatingAdmissionPolicyBinding/workloads",
        file=POLICIES,
        old="policyName: workloads",
        new="policyName: workload",
    ),
)
