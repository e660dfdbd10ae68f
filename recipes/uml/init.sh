#!/bin/sh
# What User Mode Linux starts in the image: applies an archive of changes, runs the program of the kernel command line,
# and says its exit status on the second disk. Words: kameleon.run, .changes, .share, .slirp, .terminal, .size, .term.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8

finish() { # STATUS
    printf '%s' "$1" | dd of=/dev/ubdb conv=fsync,notrunc bs=512 2>/dev/null
    umount /mnt/host 2>/dev/null
    sync
    echo o >/proc/sysrq-trigger
    sleep 60
}

complain() {
    printf 'uml: %s\n' "$*" >/dev/tty1
}

word() { # NAME: the value of kameleon.NAME; status 1 when it is not there
    # shellcheck disable=SC2013 # words of one line
    for one in $(cat /proc/cmdline); do
        case $one in
        "kameleon.$1") return 0 ;;
        "kameleon.$1="*)
            printf '%s' "${one#*=}"
            return 0 ;;
        esac
    done
    return 1
}

set -f
# Without -n it would note them in the /run that is part of the image.
mount -n -t tmpfs -o nosuid,nodev,mode=755 tmpfs /run
mount -n -t proc -o nosuid,nodev,noexec proc /proc
mount -n -t sysfs -o nosuid,nodev,noexec sysfs /sys
mountpoint -q /dev || mount -n -t devtmpfs -o nosuid devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -n -t devpts -o nosuid,noexec,gid=5,mode=620 devpts /dev/pts
mount -n -t tmpfs -o nosuid,nodev tmpfs /dev/shm
mount -n -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /tmp
ln -sf /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin
ln -sf fd/1 /dev/stdout
ln -sf fd/2 /dev/stderr
if [ -s /etc/hostname ]; then cat /etc/hostname >/proc/sys/kernel/hostname; fi
ip link set lo up
# What a program writes leaves as it is.
stty raw -echo </dev/tty1

if word changes >/dev/null; then
    if ! problem=$(/usr/lib/kameleon/uml/apply /dev/ubdc 2>&1); then
        complain "the archive of changes could not be applied: $problem"
        finish 125
    fi
fi
if word slirp >/dev/null; then
    ip link set eth0 up
    ip address add 10.0.2.15/24 dev eth0
    ip route add default via 10.0.2.2
    # It is the machine's, not the appliance's, and so no change of it.
    echo 'nameserver 10.0.2.3' >/run/uml-resolv.conf
    place=$(readlink -m /etc/resolv.conf)
    case $place in
    /run/*)
        mkdir -p "${place%/*}"
        cp /run/uml-resolv.conf "$place" ;;
    *) if [ -e "$place" ]; then mount --bind /run/uml-resolv.conf "$place"; fi ;;
    esac
fi
cd /root 2>/dev/null || cd /
if word share >/dev/null; then
    if mount -t hostfs none /mnt/host; then
        cd /mnt/host || complain "/mnt/host: cannot be entered"
    else
        complain "the shared directory could not be mounted"
        finish 125
    fi
fi

TERM=$(word term) || TERM=dumb
export TERM
if size=$(word size); then stty rows "${size%,*}" cols "${size#*,}" </dev/tty0; fi
if word terminal >/dev/null; then input=/dev/tty0; else
    input=/dev/null
    stty raw -echo </dev/tty0
fi
# The words back from what they were written as; printf's \ooo knows every byte.
set --
if line=$(word run); then
    rest=$line,
    while [ "$rest" ]; do
        code=${rest%%,*}
        rest=${rest#*,}
        text=$(
            while :; do
                case $code in
                *%*)
                    printf '%s' "${code%%\%*}"
                    code=${code#*%}
                    # shellcheck disable=SC2059 # the format is the byte
                    printf "\\$(printf '%03o' "0x$(printf '%.2s' "$code")")"
                    code=${code#??} ;;
                *)
                    printf '%s.' "$code"
                    break ;;
                esac
            done
        )
        set -- "$@" "${text%.}"
    done
else
    set -- bash -l
fi
if [ "$input" = /dev/tty0 ]; then
    setsid --ctty --wait "$@" </dev/tty0 >/dev/tty0 2>&1
else
    setsid --wait "$@" </dev/null >/dev/tty0 2>/dev/tty1
fi
finish $?
