# shellcheck shell=sh
#
# What a capture wants to know of a machine, as `name=value` fields ended by NULs. POSIX sh and GNU tools; before it comes
# `set -- ROOT`, the directory to look at. It changes nothing.
say() {
    printf '%s=%s\0' "$1" "$2"
}
fail() {
    printf '%s\n' "$1" >&2
    exit 1
}
first_line() {
    sed -n '1s/[[:space:]]*$//p' "$1" 2>/dev/null
}

say begin ''
cd -- "$1" || exit 1
[ "$(id -u)" = 0 ] || fail 'only root may read all files'
tar --version 2>/dev/null | grep -q 'GNU tar' || fail 'GNU tar is missing there'
find . -maxdepth 0 -printf '' 2>/dev/null || fail 'GNU find is missing there'

name=$(first_line etc/hostname)
if [ -z "$name" ] && [ "$1" = / ]; then
    name=$(uname -n)
fi
say name "$name"
say system "$(sed -n 's/^PRETTY_NAME=//p' etc/os-release 2>/dev/null | tr -d \"\')"
say architecture "$(uname -m)"
say filesystem "$(df --output=fstype . | tail -n 1)"
if [ "$1" = / ]; then # else it is a directory among others
    say used "$(df -k --output=used . | tail -n 1)"
fi
if [ -e usr/sbin/grub-install ] || [ -e usr/sbin/grub2-install ]; then
    say grub yes
fi
for unit in lib/systemd/system/ssh.service usr/lib/systemd/system/ssh.service; do
    if [ -e "$unit" ]; then
        say debian_ssh yes
    fi
done
awk -F: 'length($2) > 2 && $2 !~ /^[!*]/ { printf "password=%s%c", $1, 0 }' etc/shadow 2>/dev/null

find boot -maxdepth 1 \( -name 'vmlinuz-*' -o -name 'initrd.img-*' -o -name 'initramfs-*.img' \) \
    -printf 'boot=%f\0' 2>/dev/null
device=$(stat -c %d .)
find . -mindepth 1 -maxdepth 1 -printf 'entry=%y %f\0'
# Swap files are listed with their absolute names, and file systems by where they are mounted.
awk 'NR > 1 && $2 == "file" { printf "swap=%s%c", $1, 0 }' /proc/swaps 2>/dev/null
awk '{ for (i = 7; $i != "-"; i++); print $5, $(i + 1) }' /proc/self/mountinfo |
    while read -r point type; do
        if [ "$point" != / ] && [ -d "$point" ] && [ "$(stat -c %d "$point")" != "$device" ]; then
            say mount "$type $point"
        fi
    done
say end ''
