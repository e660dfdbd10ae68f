#!/bin/sh
# apply FILE: an archive that snapshot made (tar; also compressed by gzip or xz; FILE may be a disk that holds it) becomes
# part of the system: its files are put in place, what it says was removed is removed.
set -e
umask 022
removed=.kameleon-removed
case $(od -An -tx1 -N6 "$1" | tr -d ' \n') in
1f8b*) open='gzip -dc' ;;
fd377a585a00) open='xz -dc' ;;
*) open='cat' ;;
esac
# What follows the archive on a disk is zeros, which all of them take. Removed first: a directory may now be a file.
cd /
list=$(mktemp)
trap 'rm -f "$list"' EXIT
$open <"$1" | tar --extract --to-stdout --occurrence=1 "$removed" >"$list" 2>/dev/null || :
xargs -0 -r rm -rf --one-file-system -- <"$list"
$open <"$1" | tar --extract --exclude="$removed" --numeric-owner --same-owner --preserve-permissions --xattrs \
    --xattrs-include='*' --keep-directory-symlink
