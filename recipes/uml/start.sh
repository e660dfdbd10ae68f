#!/bin/bash
# Starts RECIPE.uml.img, the file beside this one, in User Mode Linux: no root, no KVM. --help tells what it takes.
# Environment: LINUX_UML is the kernel (linux.uml), SLIRP the program for the network (slirp-fullbolt), TMPDIR.
set -euo pipefail

usage() {
    cat <<END
usage: ${0##*/} [OPTION]… [PROGRAM [ARGUMENT]…]

Runs PROGRAM in the appliance and ends with its exit status; without one, a shell. Standard output and standard error
are its own; it reads the terminal, if there is one. The image is not written to.

  --share DIRECTORY   its files are in /mnt/host, where PROGRAM starts (default: the current directory)
  --no-share          no directory of this machine is visible
  --changes FILE      an archive of changes (tar, tar.gz or tar.xz) that is applied first; inside, snapshot makes one
  --memory MB         memory (default: 512)
  --no-network        none; otherwise programs inside reach what those of this machine reach (10.0.2.2 is this machine)
  -h, --help          show this

Inside: snapshot [FILE] writes what was changed since the image was made to FILE (default: /mnt/host/changes.tar.gz).
END
}

fail() { # STATUS MESSAGE
    printf '%s: %s\n' "${0##*/}" "$2" >&2
    exit "$1"
}

needed() { # OPTION and what follows it
    (($# > 1)) || fail 2 "$1 takes a value; --help tells what it is"
}

share=$PWD changes='' memory=512 network=yes
while (($#)); do
    case $1 in
    --share) needed "$@"; share=$2; shift ;;
    --no-share) share='' ;;
    --changes) needed "$@"; changes=$2; shift ;;
    --memory) needed "$@"; memory=$2; shift ;;
    --no-network) network='' ;;
    -h | --help) usage; exit 0 ;;
    --) shift; break ;;
    -*) fail 2 "$1: no option; --help tells which there are" ;;
    *) break ;;
    esac
    shift
done

here=$(dirname -- "$(readlink -f -- "$0")")
image=$(basename -- "$(readlink -f -- "$0")").img
uml=${LINUX_UML:-linux.uml}
slirp=${SLIRP:-slirp-fullbolt}
command -v "$uml" >/dev/null || fail 3 "$uml is not here; as root: apt-get install user-mode-linux"
[[ -r $here/$image ]] || fail 1 "$here/$image: cannot be read; it belongs beside this script"
[[ $memory =~ ^[1-9][0-9]{1,5}$ ]] || fail 2 "--memory takes a number of megabytes, not $memory"
if [[ $share ]]; then
    [[ -d $share ]] || fail 1 "$share: no such directory"
    share=$(readlink -f -- "$share")
fi
if [[ $changes ]]; then
    [[ -f $changes && -r $changes ]] || fail 1 "$changes: no such file, or not to be read"
    changes=$(readlink -f -- "$changes")
fi

# A word of the kernel's command line has no blanks, its lists no commas: all but plain bytes are written %XX.
encode() {
    local LC_ALL=C text=$1 out='' index byte
    for ((index = 0; index < ${#text}; index++)); do
        byte=${text:index:1}
        if [[ $byte == [A-Za-z0-9_./=:@+-] ]]; then
            out+=$byte
        else
            printf -v byte '%%%02X' "'$byte"
            out+=%${byte: -2}
        fi
    done
    printf '%s' "$out"
}

scratch=$(mktemp --directory -- "${TMPDIR:-/tmp}/uml-XXXXXXXX")
trap 'rm -rf -- "$scratch"' EXIT
# What the kernel's own options name must have no comma or blank: it is named here.
ln -s -- "$here/$image" "$scratch/base"
truncate --size=4096 "$scratch/status"
words=("mem=${memory}M" "umid=uml" "uml_dir=$scratch/run" "ubd0=$scratch/cow,$scratch/base" "ubd1=$scratch/status"
    root=/dev/ubda rw rootfstype=ext4 init=/usr/lib/kameleon/uml/init quiet loglevel=1 panic=-1 noreboot con=null
    console=tty2 'con2=null,fd:3')
if [[ $changes ]]; then
    ln -s -- "$changes" "$scratch/changes"
    words+=("ubd2r=$scratch/changes" kameleon.changes)
fi
if [[ $share ]]; then
    ln -s -- "$share" "$scratch/share"
    words+=("hostfs=$scratch/share" kameleon.share)
else
    mkdir -- "$scratch/nothing"
    words+=("hostfs=$scratch/nothing")
fi
if [[ $network ]]; then
    if slirp=$(command -v "$slirp"); then
        # Its greeting is nobody's standard error; the shell starts it because the directory may be noexec.
        printf 'exec %q 2>/dev/null\n' "$slirp" >"$scratch/slirp"
        words+=("eth0=slirp,,/bin/bash,$scratch/slirp" kameleon.slirp)
    else
        echo "${0##*/}: no network inside: slirp-fullbolt is not here (package slirp)" >&2
    fi
fi
# Standard error goes by a console of its own. A console whose input ends would hang up on the program.
if [[ -t 0 && -t 1 ]]; then
    words+=('con0=fd:0,fd:1' kameleon.terminal)
    if size=$(stty size 2>/dev/null); then words+=("kameleon.size=${size/ /,}"); fi
    words+=("kameleon.term=$(encode "${TERM:-linux}")")
    modes=$(stty -g)
    trap 'stty "$modes"; rm -rf -- "$scratch"' EXIT
else
    words+=('con0=null,fd:1')
fi
words+=('con1=null,fd:2')
if (($#)); then
    run=''
    for word; do run+=,$(encode "$word"); done
    words+=("kameleon.run=${run:1}")
fi
line=${words[*]}
# It takes 4096 bytes, and adds some itself.
((${#line} < 3900)) || fail 2 "the program and its arguments are too long: put them into a file in a shared directory"

status=0
# It ends with this script, however that comes.
setpriv --pdeathsig TERM "$uml" "${words[@]}" 3>"$scratch/console" || status=$?
said=$(tr -d '\0' <"$scratch/status")
if [[ ! $said =~ ^[0-9]{1,3}$ ]]; then
    # Ended by a signal, it says so; no memory, no room for what is written and a broken image end it otherwise.
    ((status > 128)) || status=125
    tail -n 5 "$scratch/console" >&2
    fail "$status" "the machine ended before its program did (status $status)"
fi
exit "$said"
