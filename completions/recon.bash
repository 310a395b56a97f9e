# bash completion for recon. Commands and options are asked of the program's own help, so that they are never out of date.

_recon()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    local program=${COMP_WORDS[0]}
    COMPREPLY=()

    if ((COMP_CWORD == 1)) || [[ $command == help ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" help 2>/dev/null |
            sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\)  .*/\1/p') --help --version" -- "$word")
        return
    fi
    case $before in
    --results) mapfile -t COMPREPLY < <(compgen -W 'ndjson csv table' -- "$word") && return ;;
    --format | --audit-format | --events-format)
        mapfile -t COMPREPLY < <(compgen -W 'auto json csv cloudevents avro' -- "$word") && return
        ;;
    --time-unit | --audit-time-unit | --events-time-unit)
        mapfile -t COMPREPLY < <(compgen -W 's ms us ns' -- "$word") && return
        ;;
    --for) mapfile -t COMPREPLY < <(compgen -W 'check replay run flink' -- "$word") && return ;;
    --identity) mapfile -t COMPREPLY < <(compgen -W 'id source,id' -- "$word") && return ;;
    --report)
        mapfile -t COMPREPLY < <(compgen -W 'missing found unaudited audited duplicate too_late rejected' -- "$word")
        return
        ;;
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" help "$command" 2>/dev/null |
            sed -nE '/^Examples:/q; s/^ +(-[a-zA-Z], )?(--[a-z-]+).*/\2/p' | sort -u)" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        compopt -o filenames
    fi
}
complete -F _recon recon
