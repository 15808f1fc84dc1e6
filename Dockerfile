# Convoy where nothing else is installed; docs/environment.md says how to build and run it.
ARG PYTHON=3.12
FROM python:${PYTHON}-slim AS tools
# Of the image's own release of Debian, whatever that has.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --shell /bin/bash convoy
USER convoy

FROM tools
WORKDIR /home/convoy/convoy
# The packages are a layer of their own, which stays until the lock file changes; without the
# download cache of pip, and without 0.3 GB of TensorFlow's C++ headers, which nothing reads.
COPY --chown=convoy Makefile requirements.lock ./
RUN PIP_NO_CACHE_DIR=1 make .venv/.installed-requirements.lock \
    && rm -r .venv/lib/python3*/site-packages/tensorflow/include
COPY --chown=convoy . .
RUN make setup
CMD ["make", "run"]
