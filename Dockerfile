# The operator alone: no simulators, no tests, no build tools, no shell needed. docs/image.md says how to build it.
ARG PYTHON_VERSION=3.11

# The base is named by its digest, so that the same commit makes the same image; `make image` asks for it.
ARG PYTHON_DIGEST

FROM python:${PYTHON_VERSION}-slim-bookworm@${PYTHON_DIGEST} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    SOURCE_DATE_EPOCH=0
WORKDIR /source
# Libraries first: they change seldom, so that a change of ours builds in seconds.
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv /opt/build \
    && /opt/build/bin/python -m pip install --require-hashes --requirement requirements/build.txt \
    && python -m venv --without-pip /opt/tenant-billing \
    && python -m pip --python /opt/tenant-billing/bin/python install --require-hashes --requirement requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator/tenant_billing operator/tenant_billing
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && python -m pip --python /opt/tenant-billing/bin/python install --no-deps dist/*.whl

FROM python:${PYTHON_VERSION}-slim-bookworm@${PYTHON_DIGEST}
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="Tenant Billing Operator" \
      org.opencontainers.image.description="Sells tenants of The Things Stack through Stripe, as Kubernetes objects." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
# The bytecode is in the image already: the root file system may be read-only.
ENV PATH="/opt/tenant-billing/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/nonexistent
COPY --from=build /opt/tenant-billing /opt/tenant-billing
WORKDIR /
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/opt/tenant-billing/bin/tenant-billing"]
CMD ["run"]
