#!/bin/sh
# Makes this checkout ready to run: scripts/setup.sh [EXTRAS], where EXTRAS are those of pyproject.toml
# (such as test,check). Needs root only where a Debian package is missing.
set -eu
cd "$(dirname "$0")/.."
extras=${1:-}
system_python=/usr/bin/python3

say() { printf '%s\n' "set-up: $*" >&2; }

# bcc is built for the distribution's own interpreter, so another python3 on PATH cannot serve.
python_is_ready() { "$system_python" -c 'import bcc, ensurepip, venv' 2>/dev/null; }

if ! python_is_ready; then
    scripts/install-packages.sh python3-bpfcc python3-venv
    python_is_ready || { say "$system_python still cannot import bcc, venv and ensurepip"; exit 1; }
fi
if ! "$system_python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "tracelang needs Python 3.11 or newer as $system_python; this is $("$system_python" --version)"
    say "Debian 12 and Ubuntu 24.04 have it"
    exit 1
fi

# Some tests compile a C program to read its symbols, and some look at what bpftrace sees of the same work;
# the rest can do without.
case ",$extras," in
    *,test,*)
        if ! command -v gcc >/dev/null || ! echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1; then
            scripts/install-packages.sh gcc libc6-dev || say "without gcc, tests that compile C are skipped"
        fi
        if ! command -v zsh >/dev/null || ! command -v fish >/dev/null; then
            scripts/install-packages.sh zsh fish || say "without zsh and fish, their completion is not tested"
        fi
        if ! command -v bpftrace >/dev/null && [ "$(id -u)" = 0 ]; then
            scripts/install-packages.sh bpftrace || say "without bpftrace, tools are not compared with its own"
        fi
        ;;
esac

# Tracepoints are read from tracefs, which a container or a minimal machine has not mounted.
if [ "$(id -u)" = 0 ] && [ -d /sys/kernel/tracing ] && [ ! -e /sys/kernel/tracing/events ]; then
    mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null && say "mounted tracefs on /sys/kernel/tracing" ||
        say "cannot mount tracefs on /sys/kernel/tracing: tracepoints will be missing"
fi

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import bcc, pip' 2>/dev/null; then
    say "making .venv on $system_python"
    "$system_python" -m venv --clear --system-site-packages .venv
fi
say "installing tracelang${extras:+ with what its $extras needs}"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".${extras:+[$extras]}"
