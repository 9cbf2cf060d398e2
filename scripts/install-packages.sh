#!/bin/sh
# Installs Debian packages by apt, or says plainly why it cannot: scripts/install-packages.sh PACKAGE...
set -eu
say() { printf '%s\n' "set-up: $*" >&2; }

if ! command -v apt-get >/dev/null; then
    say "this machine lacks what Debian calls: $*"
    say "it has no apt-get, so install your distribution's packages for these (Fedora calls"
    say "python3-bpfcc python3-bcc, and its python3 includes venv), then run make again"
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    say "these Debian packages are missing, and installing them needs root:"
    say "    sudo apt-get install --no-install-recommends $*"
    say "then run make again"
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
say "installing $*"
# The lists of a fresh machine are empty or old; the packages then cannot be found or fetched.
apt-get update -qq || say "apt-get update failed; trying with the package lists there are"
apt-get install -qq --no-install-recommends "$@" >/dev/null
