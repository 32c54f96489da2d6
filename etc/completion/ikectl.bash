# SPDX-License-Identifier: BSD-2-Clause
# bash: installed as share/bash-completion/completions/ikectl; or source it. ikectl itself knows what may follow.
_ikectl() {
	local words=("${COMP_WORDS[@]:1:COMP_CWORD}") cur=${COMP_WORDS[COMP_CWORD]}
	mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" complete -- "${words[@]}" 2>/dev/null)
	# Nothing to say: a file, unless it is the name of an option.
	[[ ${#COMPREPLY[@]} -gt 0 || $cur == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
complete -o filenames -F _ikectl ikectl
