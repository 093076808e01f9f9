"""Faults of the sync: waves, gates, hooks."""

from tests.validate.mutation import WEB, Mutation

MUTATIONS = (
    Mutation(
        name="deployment without deadline",
        rule="deployment-without-deadline",
        object="Deployment/web",
        old="  progressDeadlineSeconds: 300\n",
        line="kind: Deployment",
    ),
    Mutation(
        name="worker without deadline",
        rule="deployment-without-deadline",
        object="Deployment/worker",
        file="chart/templates/worker.yaml",
        old="  progressDeadlineSeconds: 300\n",
        line="kind: Deployment",
    ),
    Mutation(
        name="deployment before its secret",
        rule="deadlock",
        object="Deployment/web",
        old='sync-wave: "5"',
        new='sync-wave: "-6"',
        line='sync-wave: "-6"',
    ),
    Mutation(
        name="autoscaler in a gated wave",
        rule="autoscaler-in-gated-wave",
        object="HorizontalPodAutoscaler/worker",
        file="chart/templates/worker.yaml",
        old='sync-wave: "10"',
        new='sync-wave: "6"',
        line='sync-wave: "6"',
    ),
    Mutation(
        name="cron job in a gated wave",
        rule="cronjob-in-gated-wave",
        object="CronJob/report",
        file="chart/templates/report.yaml",
        old='sync-wave: "10"',
        new='sync-wave: "6"',
        line='sync-wave: "6"',
    ),
    Mutation(
        name="replicas with an autoscaler",
        rule="replicas-with-autoscaler",
        object="Deployment/worker",
        file="chart/templates/worker.yaml",
        old="spec:\n",
        new="spec:\n  replicas: 2\n",
        line="replicas: 2",
    ),
    Mutation(
        name="annotation that is a number",
        rule="value-not-a-string",
        object="Service/web",
        old="kind: Service\nmetadata:\n",
        new="kind: Service\nmetadata:\n  annotations: {size: 3}\n",
        line="annotations: {size: 3}",
    ),
    Mutation(
        name="hook without deadline",
        rule="job-without-deadline",
        object="Job/migrate-1f3a",
        file=WEB,
        old="---\n",
        new=(
            "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate-1f3a}\n"
            'spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "a:1"}]}}}\n---\n'
        ),
        line="kind: Job",
    ),
    Mutation(
        name="key that the secret lacks",
        rule="key-not-provided",
        object="Deployment/web",
        old="key: password",
        new="key: passwort",
        line="key: passwort",
    ),
    Mutation(
        name="label that is too long",
        rule="name-too-long",
        object="Service/web",
        old="kind: Service\nmetadata:\n",
        new=f"kind: Service\nmetadata:\n  labels: {{size: {'x' * 64}}}\n",
        line="labels: {size:",
    ),
)
