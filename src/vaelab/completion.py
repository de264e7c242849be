"""Tab completion in bash: the command first, then Hydra's own completion of its groups and settings."""

SCRIPT = r"""
_vaelab() {
    COMPREPLY=()
    if [[ $COMP_CWORD -le 1 ]]; then
        COMPREPLY=( $(compgen -W "train evaluate quality sample completion --help --version" -- "${COMP_WORDS[1]}") )
        return
    fi
    local door="${COMP_WORDS[1]}"
    case "$door" in train|evaluate|quality|sample) ;; *) return ;; esac
    local rest="${COMP_LINE#*"$door"}"
    local line="vaelab${rest}"
    COMPREPLY=( $(COMP_LINE="$line" COMP_POINT=${#line} vaelab "$door" -sc query=bash 2>/dev/null) )
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -o nospace -o default -F _vaelab vaelab
""".strip()
