#!/bin/sh
# Runs as root inside the guest, on the host's root file system seen read-only: prepares it and runs the
# command. Usage: guest-init.sh. Everything the host is told goes through the shared directory.
set -u
shared=/run/tracelang-shared
mkdir -p "$shared"
mount -t 9p -o version=9p2000.L,trans=virtio,msize=524288 tracelang-shared "$shared" || exit 1
exec >"$shared/stdout" 2>"$shared/stderr"
cut -d' ' -f1 /proc/uptime >"$shared/booted"

# The root as it was booted asks the host for every byte of every file again. The same files behind a
# cache halve the time Python takes to start.
mount -t 9p -o ro,version=9p2000.L,trans=virtio,msize=524288,cache=loose tracelang-root /mnt || exit 1
for directory in proc sys dev run etc var tmp; do
    mount --rbind "/$directory" "/mnt/$directory" || exit 1
done
ip link set lo up
[ -e /mnt/sys/kernel/tracing/events ] || mount -t tracefs tracefs /mnt/sys/kernel/tracing
[ -e /mnt/sys/fs/cgroup/cgroup.procs ] || mount -t cgroup2 cgroup2 /mnt/sys/fs/cgroup

# A new root rather than a chroot: paths that the kernel walks to the root are then what processes call them.
unshare --mount --propagation private sh -c '
    cd /mnt && pivot_root . mnt && cd "$2" && umount -l /mnt
    sh "$1/command"
    echo $? >"$1/status"
' sh "$shared" "$PWD"
sync
