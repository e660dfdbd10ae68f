#!/bin/sh
# snapshot [FILE]: what this system has that its image has not, as an archive for --changes of the script that starts it
# (default /mnt/host/changes.tar.gz). What was removed is listed in its first member, .kameleon-removed.
# /usr/lib/kameleon/uml/base holds the names of the image, base.date its date: what is younger was changed.
set -e
to=${1:-/mnt/host/changes.tar.gz}
case $to in /*) ;; *) to=$PWD/$to ;; esac
base=/usr/lib/kameleon/uml/base
work=$(mktemp -d /run/snapshot.XXXXXX)
trap 'cd / && umount "$work/root" && rm -rf "$work"' EXIT
mkdir "$work/root"
# The root without what is mounted in it.
mount --bind / "$work/root"
LC_ALL=C
export LC_ALL
cd "$work/root"
find . -xdev -mindepth 1 -printf '%P\0' | sort -z >"$work/now"
# New, or changed: a new name of an old file has the date of when it was given.
comm -z -13 "$base" "$work/now" >"$work/new"
find . -xdev -mindepth 1 -newerct "@$(cat "$base.date")" -printf '%P\0' | sort -z >"$work/younger"
sort -z -u "$work/new" "$work/younger" >"$work/changed"
comm -z -23 "$base" "$work/now" >"$work/.kameleon-removed"
tar --create --file="$to.part" --gzip --format=posix --numeric-owner --xattrs --xattrs-include='*' --sparse \
    --no-recursion --directory="$work" .kameleon-removed --directory="$work/root" --null --verbatim-files-from \
    --files-from="$work/changed"
mv "$to.part" "$to"
printf '%s: %d changed, %d removed\n' "$to" "$(tr -cd '\0' <"$work/changed" | wc -c)" \
    "$(tr -cd '\0' <"$work/.kameleon-removed" | wc -c)" >&2
