# shellcheck shell=bash
# Nothing newer than bash 3.2: the context it is defined in may be an appliance's.

kt_path() { # ROOT PATH: sets REPLY to the host's path of PATH in ROOT; links are followed, but never out of ROOT
    local root=$1 rest=$2 done='' part target n=0
    while :; do
        rest=${rest#"${rest%%[!/]*}"}
        [[ -n $rest ]] || break
        part=${rest%%/*}
        if [[ $rest == */* ]]; then rest=${rest#*/}; else rest=''; fi
        case $part in
        .) continue ;;
        ..) done=${done%/*} && continue ;;
        esac
        if [[ -L $root$done/$part ]]; then
            n=$((n + 1))
            if ((n > 40)); then
                printf '%s: too many symbolic links\n' "$2" >&2
                return 1
            fi
            target=$(readlink -- "$root$done/$part")
            case $target in /*) done='' ;; esac
            rest=$target/$rest
        else
            done=$done/$part
        fi
    done
    REPLY=$root$done
}
