"""Tab completion in bash: the command first, then Hydra's own completion of its groups and settings."""

SCRIPT = r"""
_vaelab() {
    COMPREPLY=()
    if [[ $COMP_CWORD -le 1 ]]; then
        local doors="train evaluate quality diagnose sample report watch completion --help --version"
        COMPREPLY=( $(compgen -W "$doors" -- "${COMP_WORDS[1]}") )
        return
    fi
    local door="${COMP_WORDS[1]}"
    case "$door" in train|evaluate|quality|diagnose|sample) ;; *) return ;; esac
    local rest="${COMP_LINE#*"$door"}"
    local line="vaelab${rest}"
    COMPREPLY=( $(COMP_LINE="$line" COMP_POINT=${#line} vaelab "$door" -sc query=bash 2>/dev/null) )
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -o nospace -o default -F _vaelab vaelab
""".strip()
