# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154,SC2317
# What runs inside a context: a shell that takes commands one by one and says how each ended.
# The context's command line (bash, chroot DIR /bin/bash, …) is started with this on its stdin, one line long:
#   { exec 74<&0 </dev/null; IFS= read -r -d '' __kt_c <&73; eval "$__kt_c"; }
# Descriptors: 72 statuses out, 73 this file, 74 commands in (each ends in NUL), 75 what an earlier context left,
# 79 the variables as the microstep began, 80 the variables as the shell ended. Only 80 is open in a recipe's command
# (an exit in a command must still leave its variables); it is a regular file, so a daemon that keeps it harms nobody.
# Nothing newer than bash 3.2 may be used here: appliances can be old.
exec 73<&-
IFS= read -r -d '' __kt_c <&75 || :
exec 75<&-
eval "$__kt_c" 2>/dev/null

# kt_path ROOT PATH sets REPLY to the host's path of PATH in ROOT; links are followed, but never out of ROOT.
# It is defined when it is first called: every function is written out after every microstep.
__kt_path='kt_path() {
    local root=$1 rest=$2 done= part target n=0
    while :; do
        rest=${rest#"${rest%%[!/]*}"}
        [[ -n $rest ]] || break
        part=${rest%%/*}
        if [[ $rest == */* ]]; then rest=${rest#*/}; else rest='\'''\''; fi
        case $part in
        .) continue ;;
        ..) done=${done%/*} && continue ;;
        esac
        if [[ -L $root$done/$part ]]; then
            n=$((n + 1))
            if ((n > 40)); then
                printf '\''%s: too many symbolic links\n'\'' "$2" >&2
                return 1
            fi
            target=$(readlink -- "$root$done/$part")
            case $target in /*) done='\'''\'' ;; esac
            rest=$target/$rest
        else
            done=$done/$part
        fi
    done
    REPLY=$root$done
}'
kt_path() { eval "$__kt_path" && kt_path "$@"; }

__kt_dump() {
    declare -p
    declare -f
    umask -p
    printf 'cd -- %q\n#kt-complete\n' "$PWD"
}

__kt_failed() { # LINE COMMAND: the first failing command, in the function it failed in, not in that function's callers
    case $2 in 'eval "$__kt_c" 72>&- 74>&- 79>&-') return ;; esac
    if [[ -n $__kt_text && $2 == "$__kt_text" && ${#FUNCNAME[@]} -lt $__kt_depth ]]; then
        __kt_depth=${#FUNCNAME[@]}
        return
    fi
    __kt_line=$(($1 - __kt_base)) __kt_text=$2 __kt_depth=${#FUNCNAME[@]}
}

__kt_ended() {
    [[ $__kt_over ]] && return
    set +e
    { printf '# %s %s\n' "$__kt_line" "${__kt_text//$'\n'/ }" && __kt_dump; } >&80
}

__kt_over='' __kt_line=0 __kt_text='' __kt_depth=0
set -E -o pipefail
trap '__kt_failed "$LINENO" "$BASH_COMMAND"' ERR
trap __kt_ended EXIT

# A command comes as two characters and its text: where to go first (w the directory of the start, c the appliance's
# root, or -), and e for errexit (- for none, and every variable exported, as Kameleon 2 does). "s" alone keeps the
# variables in .begin, unanswered; "x" keeps them in .end.
# The loop is one line, so that LINENO in a command counts from the line known as __kt_base.
# shellcheck disable=SC2016
eval '__kt_base=$((LINENO - 1))'; while IFS= read -r -d '' __kt_c <&74; do case $__kt_c in s) __kt_dump >&79; continue ;; x) __kt_dump >&80; printf '0 0 \0' >&72; continue ;; esac; __kt_s=0; case $__kt_c in w*) cd -- "$KAMELEON_CWD" || __kt_s=1 ;; c*) cd -- "$KAMELEON_CHROOT" || __kt_s=1 ;; esac; __kt_e=${__kt_c:1:1}; __kt_c=${__kt_c:2}; __kt_line=0 __kt_text='' __kt_depth=0; if [[ $__kt_s = 0 ]]; then if [[ $__kt_e = e ]]; then set -e; else set -a; fi; eval "$__kt_c" 72>&- 74>&- 79>&-; __kt_s=$?; set +ea; fi; printf '%s %s %s\0' "$__kt_s" "$__kt_line" "$__kt_text" >&72; done
__kt_over=1
__kt_dump >&80
exit 0
