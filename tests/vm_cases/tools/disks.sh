#!/bin/sh
# Makes disks in the guest's memory, for the tools to be tried on: disks.sh DIRECTORY.
#   DIRECTORY/ext4, DIRECTORY/xfs   mounted file systems
#   /dev/nullb0                     a disk that takes 20 ms for each request
#   /dev/md_tools                   a RAID array of two disks
#   and memory to swap to, page by page
set -eu
mkdir -p "$1/ext4" "$1/xfs"
modprobe brd rd_nr=5 rd_size=327680
modprobe null_blk nr_devices=1 gb=1 queue_mode=2 irqmode=2 no_sched=1 completion_nsec=20000000
modprobe raid0
modprobe xfs
modprobe ext4

mkfs.ext4 -q /dev/ram0 65536
mount /dev/ram0 "$1/ext4"
mkfs.xfs -q /dev/ram1
mount /dev/ram1 "$1/xfs"

mkswap /dev/ram2 >/dev/null
swapon /dev/ram2
echo 0 >/proc/sys/vm/page-cluster

# By hand what mdadm --build does: an array that keeps no notes on its disks.
echo md_tools >/sys/module/md_mod/parameters/new_array
md=/sys/block/md_tools/md
echo raid0 >$md/level
echo 2 >$md/raid_disks
echo 65536 >$md/chunk_size
for number in 3 4; do
    cat /sys/block/ram$number/dev >$md/new_dev
    echo 1024 >$md/dev-ram$number/size
    echo $((number - 3)) >$md/dev-ram$number/slot
done
echo active >$md/array_state
