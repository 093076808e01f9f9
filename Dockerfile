# For GitLab CI and Argo Workflows: gitops-gen with git, as a user without rights. The wheel is built before, once: `make dist`.
FROM python:3.13-slim AS build
WORKDIR /build
COPY constraints.txt dist/*.whl ./
RUN python -m venv /opt/gitops-gen \
    && /opt/gitops-gen/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt ./*.whl \
    && /opt/gitops-gen/bin/python -m compileall -q /opt/gitops-gen/lib \
    && /opt/gitops-gen/bin/pip uninstall --yes pip

FROM python:3.13-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home gitops
COPY --from=build /opt/gitops-gen /opt/gitops-gen
ENV PATH=/opt/gitops-gen/bin:$PATH
USER 1000:1000
WORKDIR /home/gitops
CMD ["gitops-gen", "--help"]
