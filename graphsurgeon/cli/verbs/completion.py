"""Print the script that completes command lines in bash, zsh or fish."""

from __future__ import annotations

from typing import Literal

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import emit_json, emit_line

_BASH = r"""_graphsurgeon_completion() {
    local kind value text
    COMPREPLY=()
    while IFS=$'\t' read -r kind value text; do
        case $kind in
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
            scope) compopt -o nospace; COMPREPLY+=("$value") ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(_GRAPHSURGEON_COMPLETE=bash _GRAPHSURGEON_LINE="${COMP_LINE:0:COMP_POINT}" \
        _GRAPHSURGEON_BREAKS="$COMP_WORDBREAKS" "$1" 2>/dev/null)
}
complete -o nosort -F _graphsurgeon_completion graphsurgeon"""

_ZSH = r"""#compdef graphsurgeon
_graphsurgeon_completion() {
    local -a plain scopes described
    local line kind value text
    for line in "${(@f)$(_GRAPHSURGEON_COMPLETE=zsh _GRAPHSURGEON_LINE="${(j: :)words[1,CURRENT]}" \
        $words[1] 2>/dev/null)}"; do
        IFS=$'\t' read -r kind value text <<< "$line"
        case $kind in
            file) compset -P '*='; _files ;;
            dir) compset -P '*='; _files -/ ;;
            scope) scopes+=("$value") ;;
            plain) if [[ -n $text ]]; then described+=("${value//:/\\:}:$text"); else plain+=("$value"); fi ;;
        esac
    done
    (( $#described )) && _describe -V graphsurgeon described
    (( $#plain )) && compadd -- $plain
    (( $#scopes )) && compadd -S '' -- $scopes
    return 0
}
compdef _graphsurgeon_completion graphsurgeon
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _graphsurgeon_completion "$@"; fi"""

_FISH = r"""function _graphsurgeon_completion
    set -l word (commandline -ct)
    set -l option (string match -r '^--[^=]*=' -- $word)
    set -l value (string replace -r '^--[^=]*=' '' -- $word)
    for line in (env _GRAPHSURGEON_COMPLETE=fish _GRAPHSURGEON_LINE=(commandline -cp | string collect) \
        graphsurgeon 2>/dev/null)
        set -l parts (string split \t -- $line)
        switch $parts[1]
            case file
                printf "$option%s\n" (complete --do-complete "'' $value")
            case dir
                printf "$option%s\n" (complete --do-complete "'' $value" | string match -r '.*/(?:\t.*)?$')
            case plain scope
                printf '%s\t%s\n' $parts[2] "$parts[3]"
        end
    end
end
complete --no-files --command graphsurgeon --arguments '(_graphsurgeon_completion)'"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@click.command("completion", cls=Verb)
@click.argument("shell", type=click.Choice(list(SCRIPTS)))
@options.common("json")
def command(shell: Literal["bash", "zsh", "fish"], as_json: bool) -> None:
    """Print the script that completes command lines in a shell: verbs, options and their values, files, and names.

    Names of nodes and tensors are those of the SRC that stands earlier on the line: graphsurgeon cat frozen.pb conv1/
    and the tab key. A line switches it on for every new shell: eval "$(graphsurgeon completion bash)" in ~/.bashrc, the
    same with zsh behind compinit in ~/.zshrc. What fish takes goes to ~/.config/fish/completions/graphsurgeon.fish.
    """
    if as_json:
        emit_json("completion", shell=shell, script=SCRIPTS[shell])
    else:
        emit_line(SCRIPTS[shell])
