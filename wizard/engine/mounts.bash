# shellcheck shell=bash
# What programs in a chroot expect to find mounted. The mounts end with the mount namespace they are made in.
# KT_HOST_MOUNTS names the mount namespace of the host (readlink /proc/self/ns/mnt), in which none are made.

kt_mounts() { # ROOT: what programs in a chroot expect to find mounted; the mounts end with the namespace
    local root=$1 node
    if [[ ! -d $root ]]; then
        printf '%s is not there: no step has made the appliance yet\n' "$root" >&2
        return 1
    fi
    mountpoint -q -- "$root/proc" && return 0
    if [[ $(readlink /proc/self/ns/mnt) == "$KT_HOST_MOUNTS" ]]; then
        printf 'no mount namespace: start run.sh, not this script\n' >&2
        return 1
    fi
    mkdir -p -- "$root/proc" "$root/sys" "$root/dev" &&
        mount -t proc -o nosuid,nodev,noexec proc "$root/proc" &&
        mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys" &&
        mount -t tmpfs -o nosuid,mode=755,size=1m dev "$root/dev" &&
        mkdir -- "$root/dev/pts" "$root/dev/shm" &&
        mount -t devpts -o newinstance,nosuid,noexec,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts" &&
        mount -t tmpfs -o nosuid,nodev,mode=1777 shm "$root/dev/shm" &&
        ln -s pts/ptmx "$root/dev/ptmx" && ln -s /proc/self/fd "$root/dev/fd" &&
        ln -s /proc/self/fd/0 "$root/dev/stdin" && ln -s /proc/self/fd/1 "$root/dev/stdout" &&
        ln -s /proc/self/fd/2 "$root/dev/stderr" || return
    for node in null zero full random urandom tty; do
        : >"$root/dev/$node"
        mount --bind "/dev/$node" "$root/dev/$node" || return
    done
}
