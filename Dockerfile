# SPDX-License-Identifier: Apache-2.0
# One image, both programs: `run` (the proxy) and `kms serve` (the KMS core).
#
#   docker build -t envelope-sidecar:0.1.0 .
#   docker run --rm --read-only --cap-drop ALL -v kms:/var/lib/sidecar envelope-sidecar:0.1.0 \
#     kms init --dir /var/lib/sidecar/kms
#
# The root file system is never written to at run time: start it with --read-only, give the KMS a
# volume at /var/lib/sidecar, and anything that wants a scratch place a tmpfs at /tmp.

FROM python:3.13-slim-bookworm AS build
WORKDIR /src

# setuptools builds the package and stays behind in this stage. It comes from the lock as well, so
# that nothing enters the image without a hash.
COPY requirements.lock requirements-dev.lock ./
RUN sed -n '/^setuptools==/,/[^\\]$/p' requirements-dev.lock > build.lock \
 && pip install --no-cache-dir --require-hashes --only-binary=:all: -r build.lock \
 && python -m venv --without-pip /opt/sidecar \
 && pip --python /opt/sidecar install --no-cache-dir --require-hashes --only-binary=:all: \
      -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY sidecar sidecar
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --no-index --wheel-dir dist . \
 && pip --python /opt/sidecar install --no-cache-dir --no-deps --no-index dist/*.whl


FROM python:3.13-slim-bookworm

LABEL org.opencontainers.image.title="Envelope Sidecar" \
      org.opencontainers.image.description="Transparent envelope encryption for unchanged applications, with its own HSM-backed KMS." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"

# libsofthsm2 is the KMS core's default HSM: the PKCS#11 module alone, for the KMS needs no tool of it.
# The user gets a passwd line because libraries look up a home; the home is not there on purpose.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libsofthsm2=2.6.1-* \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 sidecar \
 && useradd --no-log-init --uid 10001 --gid sidecar --no-create-home --home-dir /nonexistent \
      --shell /usr/sbin/nologin sidecar \
 && install -d -o sidecar -g sidecar -m 0700 /var/lib/sidecar

COPY --from=build /opt/sidecar /opt/sidecar

# Without the fixed threshold glibc raises its own with every large body that is freed, keeps later
# ones on the heap, and a burst of them stays in the resident size for good.
ENV PATH=/opt/sidecar/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_MMAP_THRESHOLD_=1048576

# By number, so that Kubernetes can prove runAsNonRoot.
USER 10001:10001
WORKDIR /var/lib/sidecar

# No HEALTHCHECK: the two programs answer on different, configured ports, and Kubernetes ignores it;
# the probes stand in deploy/k8s beside the ports that they ask.
STOPSIGNAL SIGTERM
ENTRYPOINT ["sidecar"]
CMD ["run", "-c", "/etc/sidecar/sidecar.yaml"]
