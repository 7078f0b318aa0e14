# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completes cleatctl's commands for bash. What there is to complete, it reads from `cleatctl help`; pools, backends and
# services come from the running cleatd, and where none answers nothing is offered.

# Prints the names that the daemon's JSON has under a key.
# $1 the key; then cleatctl and its arguments
_cleatctl_names() {
    local key=$1
    shift
    timeout 2 "$@" 2> /dev/null < /dev/null | grep -o "\"$key\":\"[^\"]*\"" | sed 's/^[^:]*:"//; s/"$//' | sort -u
}

# Offers what begins with $1. Bash has split the word at its colons (COMP_WORDBREAKS) and puts the answer behind the last.
_cleatctl_offer() { # WORD CANDIDATE...
    local word=$1 split='' candidate
    shift
    if [[ $word == *:* && ${COMP_WORDBREAKS-} == *:* ]]; then
        split=${word%:*}:
    fi
    for candidate in "$@"; do
        if [[ $candidate == "$word"* ]]; then
            COMPREPLY+=("${candidate#"$split"}")
        fi
    done
}

_cleatctl_offer_files() { # PREFIX WORD
    local file
    compopt -o filenames 2> /dev/null
    while IFS= read -r file; do
        COMPREPLY+=("$1$file")
    done < <(compgen -f -- "$2")
}

# Offers what an argument of `cleatctl help` stands for.
_cleatctl_offer_argument() { # NAME WORD POOL-OR-SERVICE CLEATCTL...
    local name=$1 word=$2 pool=$3 candidates=()
    shift 3
    case $name in
        POOL) mapfile -t candidates < <(_cleatctl_names pool "$@" pool show) ;;
        ENDPOINT | E) mapfile -t candidates < <(_cleatctl_names backend "$@" backend show ${pool:+"$pool"}) ;;
        S | SERVICE) mapfile -t candidates < <(_cleatctl_names service "$@" service show) ;;
        STREAM) mapfile -t candidates < <(_cleatctl_names stream "$@" stream show ${pool:+--service "$pool"}) ;;
        R) mapfile -t candidates < <(_cleatctl_names reason "$@" stats show) ;;
        FILE | PATH) _cleatctl_offer_files "" "$word" ;;
        KEY | P) [[ $word == @* ]] && _cleatctl_offer_files @ "${word#@}" ;;
    esac
    _cleatctl_offer "$word" "${candidates[@]}"
}

_cleatctl() {
    local line=${COMP_LINE:0:COMP_POINT} words=() given=() option='' i
    COMPREPLY=()
    read -ra words <<< "$line"
    if [[ $line == *[[:space:]] ]]; then
        words+=("")
    fi
    local word=${words[-1]} program=${words[0]/#\~/$HOME}
    local ask=("$program" --json)
    for ((i = 1; i < ${#words[@]} - 1; ++i)); do
        case ${words[i]} in
            --socket) ask+=(--socket "${words[++i]}") ;;
            --json | --self-described | --drops-only | --help | --version) ;;
            --*=*) ;;
            --*) ((++i)) ;;
            *) given+=("${words[i]}") ;;
        esac
    done
    if ((i >= ${#words[@]})); then
        option=${words[-2]}
    fi
    if [[ $option == --socket ]]; then
        _cleatctl_offer_argument PATH "$word" "" "${ask[@]}"
        return
    fi

    local help row rows=() verbs=() arguments='' header='' command
    help=$("$program" help 2> /dev/null) || return
    while IFS= read -r row; do
        [[ -n $row ]] || { ((${#rows[@]})) && break; continue; }
        if [[ $row == command*arguments*"what it does"* ]]; then
            header=$row
        elif [[ -n $header ]]; then
            rows+=("$row")
        fi
    done <<< "$help"
    local from=${header%%arguments*} to=${header%%what it does*}
    for row in "${rows[@]}"; do
        read -ra command <<< "${row:0:${#from}}"
        if ((${#given[@]} == 0)); then
            verbs+=("${command[0]}")
        elif [[ ${command[0]} == "${given[0]}" ]]; then
            verbs+=("${command[1]}")
            [[ ${command[1]} == "${given[1]-}" ]] && arguments=${row:${#from}:${#to}-${#from}}
        fi
    done

    local name places=() options=() expect=''
    # "POOL [ENDPOINT] [--weight N]": an option's name, then what it wants; the others are places.
    for name in ${arguments//[\[\]|.\{\}]/ }; do
        if [[ $name == --* ]]; then
            options+=("$name")
            expect=$name
        elif [[ -n $expect && $expect != --self-described && $expect != --drops-only ]]; then
            if [[ $option == "$expect" ]]; then
                _cleatctl_offer_argument "$name" "$word" "" "${ask[@]}"
            fi
            expect=''
        else
            places+=("$name")
            expect=''
        fi
    done
    if [[ -n $option ]]; then
        return
    elif [[ $word == -* ]]; then
        _cleatctl_offer "$word" "${options[@]}" --json --socket
        if ((${#given[@]} == 0)); then
            _cleatctl_offer "$word" --help --version
        fi
    elif ((${#given[@]} < 2)); then
        mapfile -t verbs < <(printf '%s\n' "${verbs[@]}" | sort -u)
        if ((${#given[@]} == 0)); then
            verbs+=(help)
        fi
        _cleatctl_offer "$word" "${verbs[@]}"
    else
        local within=${given[2]-}
        if [[ ${given[0]} == stream && ${places[${#given[@]} - 2]-} == ENDPOINT ]]; then
            within=''
        fi
        _cleatctl_offer_argument "${places[${#given[@]} - 2]-}" "$word" "$within" "${ask[@]}"
    fi
}

complete -F _cleatctl cleatctl
