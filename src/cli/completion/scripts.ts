/** What a shell needs to complete the arguments of `mars`: it asks `mars complete` at each tab. */

export type Shell = "bash" | "zsh" | "fish";

/** A line of `mars complete` that stands for the files of the shell. */
export const filesLine = ":files";

export const scripts: Readonly<Record<Shell, string>> = {
  bash: `# mars: completion for bash. Once: source <(mars completion bash)
_mars() {
  local current=\${COMP_WORDS[COMP_CWORD]} line
  [[ $current == = ]] && current=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ${filesLine} ]]; then
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
    else
      COMPREPLY+=("$(printf '%q' "\${line%%$'\\t'*}")")
    fi
  done < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _mars mars
`,
  zsh: `#compdef mars
# mars: completion for zsh. Once: source <(mars completion zsh), after compinit
_mars() {
  local line
  local -a described
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == ${filesLine} ]]; then
      _files
    elif [[ -n $line ]]; then
      described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( $#described )) && _describe -V mars described
}
compdef _mars mars
`,
  fish: `# mars: completion for fish. Once: mars completion fish | source
function __mars_complete
  set -l words (commandline -opc)
  set -l current "$(commandline -ct)"
  for line in ($words[1] complete -- $words[2..-1] $current 2>/dev/null)
    if test "$line" = ${filesLine}
      __fish_complete_path "$current"
    else
      echo $line
    end
  end
end
complete -c mars -f -a '(__mars_complete)'
`,
};
