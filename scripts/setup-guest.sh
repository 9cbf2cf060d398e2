#!/bin/sh
# Makes this machine able to boot the guest of tests/vm_cases, or fails saying why it cannot.
# With --missing it changes nothing and prints the Debian packages that are missing.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

if [ "$(uname -m)" != x86_64 ]; then
    echo "set-up: the guest is an x86-64 machine and this is $(uname -m)" >&2
    exit 1
fi

missing=
need() { command -v "$1" >/dev/null || missing="$missing $2"; }
need qemu-system-x86_64 qemu-system-x86
need busybox busybox-static
need file file
need ip iproute2
need modprobe kmod
need unshare util-linux
need mkswap util-linux
need mkfs.ext4 e2fsprogs
need mkfs.xfs xfsprogs
# The -cloud kernel has no 9p modules.
ls /boot/vmlinuz-*-amd64 2>/dev/null | grep -qvE -e '-(cloud|rt)-amd64$' || missing="$missing linux-image-amd64"

if [ "${1:-}" = --missing ]; then
    echo "$missing"
elif [ -n "$missing" ]; then
    # shellcheck disable=SC2086 # one word a package
    scripts/install-packages.sh $missing
fi
