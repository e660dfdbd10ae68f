# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154,SC2317
# What runs inside a context: a shell that takes commands one by one and says how each ended.
# The context's command line (bash, chroot DIR /bin/bash, …) is started with this on its stdin, one line long:
#   { exec 74<&0 </dev/null; IFS= read -r -d '' __kt_c <&73; eval "$__kt_c"; }
# Descriptors: 72 statuses out, 73 this file, 74 commands in (each ends in NUL), 75 what an earlier context left,
# 79 the variables as the microstep began, 80 the variables as the shell ended. Only 80 is open in a recipe's command
# (an exit in a command must still leave its variables); it is a regular file, so a daemon that keeps it harms nobody.
# Nothing newer than bash 3.2 may be used here: appliances can be old.
# Every function and variable is written out after every microstep (1.5 µs each, a function 4 to 10): so there is no
# function here, what would be one is a trap's text, and there are few variables.
exec 73<&-
IFS= read -r -d '' __kt_c <&75 || :
exec 75<&-
eval "$__kt_c" 2>/dev/null

# __kt_f: "DEPTH LINE TEXT" of the first failing command, in the function it failed in, not in that function's callers.
# The trap's text is one line, so that LINENO is the failing command's.
set -E -o pipefail
trap 'if [[ $BASH_COMMAND != '\''eval "${__kt_c:3}" 72>&- 74>&- 79>&-'\'' ]]; then if [[ $BASH_COMMAND == "${__kt_f#* * }" && ${#FUNCNAME[@]} -lt ${__kt_f%% *} ]]; then __kt_f="${#FUNCNAME[@]} ${__kt_f#* }"; else __kt_f="${#FUNCNAME[@]} $((LINENO - __kt_base)) $BASH_COMMAND"; fi; fi' ERR
trap 'set +e
if [[ -z ${__kt_over-} ]]; then
    __kt_f=${__kt_f#* }
    { printf "# %s\n" "${__kt_f//[[:cntrl:]]/ }"; declare -p; declare -f; umask -p; printf "cd -- %q\n#kt-complete\n" "$PWD"; } >&80
fi' EXIT

# A command comes as three characters and its text: where to go first (w the directory of the start, c the appliance's
# root, or -), e for errexit (- for none, and every variable exported, as Kameleon 2 does), and k for keeping the
# variables in .begin once it is done (or -). It is answered with "STATUS LINE TEXT", or with nothing for status 0, and
# then with \1: a read that ends with its second in just this moment swallows an answer's NUL (runtime.bash).
# "s" alone keeps the variables, unanswered; "x" keeps them in .end.
# The loop is one line, so that LINENO in a command counts from the line known as __kt_base.
eval '__kt_base=$((LINENO - 1))'; while :; do IFS= read -r -d '' -u 74 __kt_c || __kt_c=q; case $__kt_c in s) __kt_s=79 ;; x | q) __kt_s=80 ;; *) __kt_s=0 __kt_f='0 0 '; case $__kt_c in w*) cd -- "$KAMELEON_CWD" || __kt_s=1 ;; c*) cd -- "$KAMELEON_CHROOT" || __kt_s=1 ;; esac; if [[ $__kt_s = 0 ]]; then case $__kt_c in ?e*) set -e ;; *) set -a ;; esac; eval "${__kt_c:3}" 72>&- 74>&- 79>&-; __kt_s=$?; set +ea; fi; case $__kt_s$__kt_c in 0??k*) printf '\0\1\0' >&72; __kt_c=s __kt_s=79 ;; 0*) printf '\0\1\0' >&72; continue ;; *) printf '%s %s\0\1\0' "$__kt_s" "${__kt_f#* }" >&72; continue ;; esac ;; esac; { declare -p; declare -f; umask -p; printf 'cd -- %q\n#kt-complete\n' "$PWD"; } >&"$__kt_s"; case $__kt_c in x) printf '\0\1\0' >&72 ;; q) __kt_over=1; exit 0 ;; esac; done
