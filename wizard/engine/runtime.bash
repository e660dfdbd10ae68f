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
declare -A kt_pid=() kt_used=() # kt_used: the contexts that worked in this microstep
kt_busy='' kt_done='' kt_appended=0
LC_ALL=C # for this shell alone: reading what contexts and supervisor say need not decode it
export -n LC_ALL KT_HOST_MOUNTS
if [[ $KT_EVENTS ]]; then
    exec 11>&"$KT_EVENTS" 12<&"$KT_WORDS"
    eval "exec $KT_EVENTS>&- $KT_WORDS<&-"
fi
unset KT_STATE KT_STRICT KT_LOCAL KT_OUT KT_IN KT_EVENTS KT_WORDS
cd -- "$KAMELEON_CWD" || exit 1
# Bash itself tells on stderr of each context that is killed; the script's own words and the contexts use 19 instead.
exec 19>&2 2>/dev/null
# A context that died is noticed by its status; the signal must not end the script. A trap, not "ignore", because
# ignored signals are inherited by every command of the recipe.
trap : PIPE
# The supervisor's time limit: end the context that is at work; its death is then reported as a failure.
trap '[[ $kt_busy ]] && kill -KILL "$kt_busy"' USR1

kt_say() { # WORD…: to the supervisor, fields between tabs
    local IFS=$'\t'
    printf '%s\0' "$*" >&11
}

kt_hear() { # sets kt_word, kt_argument; a supervisor that is gone means abort
    IFS=$'\t' read -r -d '' kt_word kt_argument <&12 || kt_word=abort
}

kt_open() { # CONTEXT: starts it with the variables that an earlier one left
    local context=$1 command=${kt_command[$1]} fifo=$kt_state/.$1.fifo
    if [[ -z $command ]]; then
        if [[ $context == in ]]; then
            kt_mounts "$KAMELEON_CHROOT" 2>&19 || return
            # shellcheck disable=SC2016
            command='exec chroot "$KAMELEON_CHROOT" /bin/bash'
        else
            command="exec /bin/bash"
        fi
    fi
    rm -f -- "$fifo.in" "$fifo.out"
    mkfifo -m 600 -- "$fifo.in" "$fifo.out" || return
    : >>"$kt_state/$context" && : >"$kt_state/$context.begin" && : >"$kt_state/$context.end" || return
    {
        eval "exec 19>&- 11>&- 12<&- 20>&- 21<&- 22>&- 23<&- 24>&- 25<&-"
        exec 72>"$fifo.out" 73<"$kt_here/context.bash" 75<"$kt_state/$context"
        exec 79>>"$kt_state/$context.begin" 80>>"$kt_state/$context.end"
        eval "$command"
    } <"$fifo.in" 2>&19 &
    kt_pid[$context]=$!
    eval "exec ${kt_in[$context]}>\"\$fifo.in\" ${kt_status_fd[$context]}<\"\$fifo.out\""
    rm -f -- "$fifo.in" "$fifo.out"
    # shellcheck disable=SC2016
    printf '%s\n' '{ exec 74<&0 </dev/null; IFS= read -r -d "" __kt_c <&73; eval "$__kt_c"; }' >&"${kt_in[$context]}"
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
    local context=$1 answer='' part status
    # A subshell left in the background can hold the descriptor open, so end-of-file alone cannot be relied on.
    until IFS= read -r -t 1 -d '' part <&"${kt_status_fd[$context]}"; do
        status=$?
        answer+=$part # the second may be over in the middle of an answer
        if ((status <= 128)) || ! kill -0 "${kt_pid[$context]}"; then
            kt_gone "$context"
            return 1
        fi
    done
    answer+=$part
    kt_status=${answer%% *} answer=${answer#* }
    kt_line=${answer%% *} kt_text=${answer#* }
}

kt_run() { # CONTEXT NUMBER DIRECTORY(- w c) TEXT: one command of a microstep
    local context=$1
    kt_at=$2 kt_context=$1 kt_dead=''
    if [[ -z ${kt_pid[$context]-} ]] && ! kt_open "$context"; then
        kt_status=1 kt_line=0 kt_text='' kt_dead=unopened
        return 1
    fi
    kt_used[$context]=1
    kt_busy=${kt_pid[$context]}
    if printf '%s\0' "$3$kt_strict$4" >&"${kt_in[$context]}"; then
        kt_answer "$context" || kt_dead=dead
    else
        kt_gone "$context"
        kt_dead=dead
    fi
    kt_busy=''
    # A context that ended did not do its command, whatever its status.
    [[ $kt_status == 0 && -z $kt_dead ]]
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
    local file=$kt_state/$1.$2 state
    state=$(<"$file") || return
    # Each time they are written they end with the mark; the last time counts that was not cut short.
    [[ $state == *'#kt-complete'* ]] || return
    state=${state%'#kt-complete'*}
    printf '%s\n' "${state##*$'\n#kt-complete\n'}" >"$kt_state/$1.new" && mv -f -- "$kt_state/$1.new" "$kt_state/$1"
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
    # They are not waited for: they write (0.2 ms) while the supervisor is told and answers.
    local context
    for context in "${!kt_used[@]}"; do
        [[ ${kt_pid[$context]-} ]] || continue
        # Emptying a file costs as much as writing the variables does, so they are appended, and the last ones count.
        ((kt_appended)) || : >"$kt_state/$context.begin"
        printf 's\0' >&"${kt_in[$context]}"
    done
    kt_appended=$(((kt_appended + 1) % 16))
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
    rm -f -- "$kt_state"/*.begin "$kt_state"/*.end
    exit "$1"
}

kt_ask() { # NUMBER: before a microstep; says which one is done, too; sets kt_word
    if [[ $kt_supervised ]]; then
        kt_say begin "$1" "$kt_done"
        kt_done=''
        kt_hear
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
    while :; do
        if "kt_step_$1"; then
            kt_keep
            kt_done=$1
            return 0
        fi
        kt_failed "$1"
        case $kt_word in
        retry) kt_rewind ;;
        replace)
            kt_rewind
            # shellcheck disable=SC1090
            . "$kt_argument"
            ;;
        skip)
            kt_pass
            return 0
            ;;
        stop)
            kt_rewind
            kt_leave 0
            ;;
        *)
            kt_rewind
            return 1
            ;;
        esac
    done
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
