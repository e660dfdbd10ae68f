#!/bin/sh
# What an environment of kameleon-tui wants to know of the node it is deployed on. Kadeploy unpacks this beside itself on
# the node, with the environment's file system mounted, and runs it before the environment's first start: POSIX sh and
# what a small deployment system has.
#
# Reads KADEPLOY_ENV_EXTRACTION_DIR (the environment's root), KADEPLOY_DEPLOY_PART (its partition's device) and
# KADEPLOY_FS_TYPE (its file system).
set -eu

root=${KADEPLOY_ENV_EXTRACTION_DIR:?Kadeploy sets it to the root of the environment}
part=${KADEPLOY_DEPLOY_PART:?Kadeploy sets it to the device of the partition}
type=${KADEPLOY_FS_TYPE:-auto}

# The root file system by its UUID: the disk may have another name when the environment starts. busybox has a blkid
# without options; its line tells the same.
device=$part
uuid=$(blkid "$part" 2>/dev/null | sed -n 's/.*[ :]UUID="\([^"]*\)".*/\1/p')
if [ -n "$uuid" ]; then
    device=UUID=$uuid
fi
options=defaults
case $type in
# The image of a partition then fills the partition it was written to, from the first start on.
ext4 | xfs | btrfs) options=defaults,x-systemd.growfs ;;
esac
printf '%s / %s %s 0 1\n' "$device" "$type" "$options" >"$root/etc/fstab.new"
mv "$root/etc/fstab.new" "$root/etc/fstab"

# The deployment system knows the node's name from DHCP.
name=$(hostname)
case $name in
'' | localhost* | '(none)') ;;
*) printf '%s\n' "${name%%.*}" >"$root/etc/hostname" ;;
esac
