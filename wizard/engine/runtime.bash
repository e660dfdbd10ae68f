# shellcheck shell=bash
# What every macrostep's script is built on: it asks before each microstep, hands commands to the contexts, says how
# they ended, and does what it is told after a failure. Python is not needed: without descriptors from a supervisor
# the answer is always "go", and "abort" after a failure.
#
# The script sets kt_steps and kt_clean (microstep numbers), kt_names (their names) and defines a function kt_step_N
# for each, then calls kt_main. From the environment: KT_STATE (a directory for what contexts leave to the next
# macrostep), KT_STRICT (errexit in commands), KT_LOCAL, KT_OUT, KT_IN (how to open each context; empty: the engine's
# own), KT_EVENTS and KT_WORDS (descriptors of a supervisor, or empty), and the recipe's globals as KAMELEON_NAME.
# Commands are never run inside if, || or !: the user's text only ever runs in the contexts.

# shellcheck disable=SC2153,SC2154
kt_here=${BASH_SOURCE[0]%/*} kt_state=$KT_STATE kt_strict=$KT_STRICT kt_supervised=$KT_EVENTS
case $kt_here in /*) ;; *) kt_here=$PWD/$kt_here ;; esac
# shellcheck source=wizard/engine/mounts.bash
. "$kt_here/mounts.bash"
declare -A kt_command=([local]=$KT_LOCAL [out]=$KT_OUT [in]=$KT_IN)
declare -A kt_in=([local]=20 [out]=22 [in]=24) kt_status_fd=([local]=21 [out]=23 [in]=25)
# kt_used: the contexts that worked in this microstep, but for one whose only command in it was its last;
# kt_kept: the context of the last command, after a k when it keeps its variables by itself; kt_knows: those with kt_path
declare -A kt_pid=() kt_used=() kt_knows=()
kt_busy='' kt_done='' kt_text='' kt_kept=''
IFS=$'\t' # between the fields of what is said and heard
LC_ALL=C # for this shell alone: reading what contexts and supervisor say need not decode it
export -n LC_ALL KT_HOST_MOUNTS
if [[ $KT_EVENTS ]]; then
    exec 11>&"$KT_EVENTS" 12<&"$KT_WORDS"
    eval "exec $KT_EVENTS>&- $KT_WORDS<&-"
fi
unset KT_STATE KT_STRICT KT_LOCAL KT_OUT KT_IN KT_EVENTS KT_WORDS
cd -- "$KAMELEON_CWD" || exit 1
# Bash itself tells on stderr of each context that is killed; the script's own words and the contexts use 19 instead.
exec 18>&1 19>&2 2>/dev/null
# A context that died is noticed by its status; the signal must not end the script. A trap, not "ignore", because
# ignored signals are inherited by every command of the recipe.
trap : PIPE
# The supervisor's time limit: end the context that is at work; its death is then reported as a failure.
trap '[[ $kt_busy ]] && kill -KILL "$kt_busy"' USR1

kt_say() { # WORD…: to the supervisor
    printf '%s\0' "$*" >&11
}

kt_hear() { # sets kt_word, kt_argument; a supervisor that is gone means abort
    read -r -d '' -u 12 kt_word kt_argument || kt_word=abort
}

kt_open() { # CONTEXT: starts it with the variables that an earlier one left
    local command=${kt_command[$1]}
    if [[ -z $command ]]; then
        if [[ $1 == in ]]; then
            kt_mounts "$KAMELEON_CHROOT" 2>&19 || return
            # shellcheck disable=SC2016
            command='exec chroot "$KAMELEON_CHROOT" /bin/bash'
        else
            command="exec /bin/bash"
        fi
    fi
    : >>"$kt_state/$1" && : >"$kt_state/$1.begin" && : >"$kt_state/$1.end" || return
    coproc kt_new {
        IFS=$' \t\n'
        eval "exec 19>&- 11>&- 12<&- 20>&- 21<&- 22>&- 23<&- 24>&- 25<&-"
        exec 72>&1 >&18 18>&- 73<"$kt_here/context.bash" 75<"$kt_state/$1"
        exec 79>>"$kt_state/$1.begin" 80>>"$kt_state/$1.end"
        eval "$command"
    } 2>&19
    # shellcheck disable=SC2154
    kt_pid[$1]=$kt_new_PID kt_busy=$kt_new_PID kt_knows[$1]=''
    # shellcheck disable=SC2154
    eval "exec ${kt_in[$1]}>&${kt_new[1]} ${kt_status_fd[$1]}<&${kt_new[0]} ${kt_new[1]}>&- ${kt_new[0]}<&-"
    # shellcheck disable=SC2016
    printf '%s\n' '{ exec 74<&0 </dev/null; IFS= read -r -d "" __kt_c <&73; eval "$__kt_c"; }' >&"${kt_in[$1]}"
}

kt_gone() { # CONTEXT: its process ended; sets kt_status, kt_line, kt_text
    local context=$1
    kt_close_descriptors "$context"
    wait "${kt_pid[$context]}"
    kt_status=$?
    unset "kt_pid[$context]"
    # The first line that the ending shell wrote tells where it was.
    IFS= read -r kt_text <"$kt_state/$context.end" || kt_text=''
    case $kt_text in
    '# '*) kt_text=${kt_text#'# '} kt_line=${kt_text%% *} kt_text=${kt_text#* } ;;
    *) kt_line=0 kt_text='' ;;
    esac
}

kt_close_descriptors() {
    eval "exec ${kt_in[$1]}>&- ${kt_status_fd[$1]}<&-"
}

kt_answer() { # CONTEXT: reads how its command ended into kt_status, kt_line, kt_text; fails when it is gone
    IFS= read -r -t 1 -d '' -u "${kt_status_fd[$1]}" kt_text
    kt_answered "$1" $?
}

kt_answered() { # CONTEXT STATUS: goes on after a read that ended with STATUS and left what it has in kt_text
    local part mark='' status=$2
    # A subshell left in the background can hold the descriptor open, so end-of-file alone cannot be relied on.
    until ((status == 0)); do
        if ((status <= 128)) || ! kill -0 "${kt_pid[$1]}"; then
            kt_gone "$1"
            return 1
        fi
        IFS= read -r -t 1 -d '' -u "${kt_status_fd[$1]}" part
        status=$?
        # A read whose second is over in just the moment that an answer comes (0.2 ms of it) takes the NUL and says that
        # none came. The mark, which follows each answer, tells; it is written together with the answer.
        if [[ $status == 0 && $part == $'\1' ]]; then
            mark=$part
        else
            kt_text+=$part # the second may be over in the middle of an answer
        fi
    done
    [[ $mark ]] || IFS= read -r -d '' -u "${kt_status_fd[$1]}" mark
    kt_status=${kt_text%% *} kt_text=${kt_text#* }
    kt_line=${kt_text%% *} kt_text=${kt_text#* }
    [[ $kt_status ]] || kt_status=0
}

kt_run() { # CONTEXT NUMBER DIRECTORY(- w c) TEXT [k]: one command of a microstep; k: its last one
    # These lines, and those of kt_ask and kt_do, are what a microstep costs in this shell: 2 to 9 µs each.
    kt_busy=${kt_pid[$1]-}
    [[ $kt_busy ]] || kt_open "$1" || kt_unopened "$@" || return
    [[ ${5-} ]] || kt_used[$1]=1
    printf '%s\0' "$3$kt_strict${5--}$4" >&"${kt_in[$1]}"
    if IFS= read -r -t 1 -d '' -u "${kt_status_fd[$1]}" kt_text; then
        [[ $kt_text ]] || {
            IFS= read -r -d '' -u "${kt_status_fd[$1]}" kt_text # the mark
            kt_busy='' kt_kept=${5-}$1
            return 0
        }
        kt_ended 0 "$@"
    else
        kt_ended $? "$@"
    fi
}

kt_ended() { # STATUS CONTEXT NUMBER …: as kt_run's, when there is more to it than an answer that the command was done
    kt_at=$3 kt_context=$2 kt_dead='' kt_kept=''
    kt_used[$2]=1
    kt_answered "$2" "$1" || kt_dead=dead
    kt_busy=''
    # A context that ended did not do its command, whatever its status.
    [[ $kt_status == 0 && -z $kt_dead ]]
}

kt_unopened() { # CONTEXT NUMBER
    kt_at=$2 kt_context=$1 kt_status=1 kt_line=0 kt_text='' kt_dead=unopened
    return 1
}

kt_path() { # CONTEXT NUMBER: its commands may call kt_path ROOT PATH
    local text
    [[ ${kt_pid[$1]-} && ${kt_knows[$1]} ]] && return
    text=$(<"$kt_here/path.bash")
    kt_run "$1" "$2" - "$text" && kt_knows[$1]=yes
}

kt_set() { # NUMBER TEXT: an assignment for every context, open or not
    local context
    for context in local out in; do
        if [[ ${kt_pid[$context]-} ]]; then
            kt_run "$context" "$1" - "$2" || return
        else
            printf '%s\n' "$2" >>"$kt_state/$context"
        fi
    done
}

kt_carry() { # CONTEXT begin|end: the next context starts with the variables kept then; fails when none were kept
    local state
    IFS= read -r -d '' state <"$kt_state/$1.$2"
    # Each time they are written they end with the mark; the last time counts that was not cut short.
    [[ $state == *'#kt-complete'* ]] || return
    state=${state%'#kt-complete'*}
    # Looking for the last mark takes 0.1 s for 7 kB, 2 s on an emulated machine; mostly there is none in front.
    if [[ $state == *$'\n#kt-complete\n'* ]]; then state=${state##*$'\n#kt-complete\n'}; fi
    printf '%s\n' "$state" >"$kt_state/$1.new" && mv -f -- "$kt_state/$1.new" "$kt_state/$1"
}

kt_rewind() { # the contexts that worked in this microstep go back to the variables it began with
    local context
    for context in "${!kt_used[@]}"; do
        if [[ ${kt_pid[$context]-} ]]; then
            kill -KILL "${kt_pid[$context]}"
            kt_gone "$context"
        fi
        kt_carry "$context" begin
    done
    kt_used=()
}

kt_settle() { # after a failure: every context's variables are in .end, for a shell, for skip
    local context
    for context in "${!kt_used[@]}"; do
        [[ ${kt_pid[$context]-} ]] || continue
        : >"$kt_state/$context.end"
        printf 'x\0' >&"${kt_in[$context]}" && kt_answer "$context"
    done
}

kt_keep() { # after a microstep: the contexts keep their variables in .begin, for a retry of the next one
    # They are not waited for: they write (0.1 ms) while the supervisor is told and answers. Emptying the file costs
    # as much as writing does: after most microsteps a context keeps them by itself, appended; the last ones count.
    local context
    for context in "${!kt_used[@]}"; do
        [[ $kt_kept != "k$context" && ${kt_pid[$context]-} ]] || continue
        : >"$kt_state/$context.begin"
        printf 's\0' >&"${kt_in[$context]}"
    done
    kt_used=()
}

kt_leave() { # STATUS: closes the contexts, keeping their variables, and ends
    local context
    [[ $kt_supervised && $kt_done ]] && kt_say begin '' "$kt_done"
    for context in "${!kt_pid[@]}"; do
        : >"$kt_state/$context.end"
        kt_close_descriptors "$context"
        wait "${kt_pid[$context]}"
        kt_carry "$context" end
    done
    # Whoever wants a shell takes what is in .end; emptying the files starts no process (1 ms), as removing them would.
    for context in local out in; do
        [[ -e $kt_state/$context.end ]] || continue
        : >"$kt_state/$context.begin"
        : >"$kt_state/$context.end"
    done
    exit "$1"
}

kt_ask() { # NUMBER: before a microstep; says which one is done, too; sets kt_word
    if [[ $kt_supervised ]]; then
        printf 'begin\t%s\t%s\0' "$1" "$kt_done" >&11
        kt_done=''
        read -r -d '' -u 12 kt_word || kt_word=abort
    else
        printf -- '--- %s\n' "${kt_names[$1]}" >&19
        kt_word=go
    fi
}

kt_failed() { # NUMBER: after a failure; sets kt_word
    local status=$kt_status line=$kt_line text=$kt_text
    kt_settle
    if [[ $kt_supervised ]]; then
        kt_say failed "$1" "$kt_at" "$status" "$line" "$kt_context" "$kt_dead" "$text"
        kt_hear
    else
        printf -- '--- %s: command %s failed with status %s, at its line %s: %s\n' \
            "${kt_names[$1]}" "$kt_at" "$status" "$line" "$text" >&19
        kt_word=abort
    fi
}

kt_do() { # NUMBER: one microstep, until it is done or skipped; fails when the macrostep is to be aborted
    until "kt_step_$1"; do
        kt_mend "$1" || return "$kt_given_up"
    done
    kt_done=$1
    [[ ${#kt_used[@]} == 0 ]] || kt_keep
}

kt_mend() { # NUMBER: after a failure; true when the microstep is to run again
    kt_failed "$1"
    kt_given_up=0
    case $kt_word in
    retry) kt_rewind ;;
    replace)
        kt_rewind
        # shellcheck disable=SC1090
        . "$kt_argument"
        ;;
    skip)
        kt_pass
        return 1
        ;;
    stop)
        kt_rewind
        kt_leave 0
        ;;
    *)
        kt_rewind
        kt_given_up=1
        return 1
        ;;
    esac
}

kt_pass() { # a failed microstep is passed over: what its commands set stays, also of a context that ended in it
    local context
    for context in "${!kt_used[@]}"; do
        [[ ${kt_pid[$context]-} ]] || kt_carry "$context" end || kt_carry "$context" begin
    done
    kt_keep
}

kt_main() {
    local number
    for number in "${kt_steps[@]}"; do
        kt_ask "$number"
        case $kt_word in
        go) kt_do "$number" || kt_abort "$number" ;;
        skip) ;;
        stop) kt_leave 0 ;;
        *) kt_abort "$number" ;;
        esac
    done
    kt_leave 0
}

kt_abort() { # NUMBER: what on_clean asked for still runs; its failures are told, and passed over
    local number status=1
    [[ $kt_supervised ]] || status=$(($1 - kt_steps[0] + 1))
    if [[ ! $kt_supervised || $kt_word == abort ]]; then
        for number in "${kt_clean[@]}"; do
            ((number > $1)) || continue
            kt_ask "$number"
            [[ $kt_word == go ]] || continue
            if "kt_step_$number"; then
                kt_keep
                kt_done=$number
            else
                kt_failed "$number"
                kt_pass
            fi
        done
    fi
    kt_leave "$status"
}
