" Which files are rule files, and of which project. The server decides in the end; this keeps it from starting for nothing.
" The tables are those of driven/document/places.py, and a test holds them together.

let s:names = split('.cursorrules copilot-instructions.md .windsurfrules global_rules.md CLAUDE.md CLAUDE.local.md '
\   . '.aider.conf.yml .aider.conf.yaml AGENTS.md AGENT.md AGENTS.override.md GEMINI.md QWEN.md WARP.md .rules '
\   . '.goosehints SKILL.md opencode.json opencode.jsonc .mcp.json .clinerules .roorules')
" At the top of a project, in any letters.
let s:top = map(copy(s:names), 'tolower(v:val)') + ['conventions.md']
" What a folder holds, wherever it stands: names of files and folders in it; `*` is everything, `-x` all but x.
let s:folders = {
\   '.driven': 'rules config.toml',
\   '.cursor': 'rules mcp.json hooks.json cli.json commands agents',
\   '.github': 'instructions copilot-instructions.md chatmodes prompts agents hooks mcp.json',
\   '.vscode': 'mcp.json settings.json',
\   '.windsurf': 'rules workflows hooks.json',
\   '.devin': 'rules workflows hooks.v1.json mcp_config.json',
\   '.claude': 'rules agents commands settings.json settings.local.json',
\   '.clinerules': '* -skills',
\   '.cline': 'rules workflows',
\   '.gemini': 'settings.json commands',
\   '.kiro': 'steering hooks settings',
\   '.kilo': 'rules',
\   '.kilocode': 'rules',
\   '.continue': 'rules config.yaml mcpservers',
\   '.agent': 'rules workflows',
\   '.agents': 'rules workflows hooks.json mcp_config.json',
\   '.augment': 'rules',
\   '.roo': 'rules mcp.json',
\   '.qwen': 'rules settings.json',
\   '.aiassistant': 'rules',
\   '.junie': 'guidelines.md agents.md mcp',
\   '.trae': 'rules mcp.json hooks.json',
\   '.amp': 'settings.json settings.jsonc',
\   '.codex': 'config.toml hooks.json',
\   '.zed': 'settings.json',
\   '.factory': 'mcp.json hooks.json',
\}
let s:suffixes = '\v.\.(instructions|prompt|agent|chatmode)\.md$'

" Whether the file at `path`, relative to its project and with `/`, is one that the server looks at.
function! driven#IsRuleFile(path) abort
    let l:parts = split(a:path, '/')
    let l:name = l:parts[-1]

    for l:at in reverse(range(len(l:parts) - 1))
        let l:holds = split(get(s:folders, l:parts[l:at], ''))

        let l:inner = tolower(l:parts[l:at + 1])

        if index(l:holds, l:inner) >= 0 || index(l:holds, '*') >= 0 && index(l:holds, '-' . l:inner) < 0
            return 1
        endif
    endfor

    return index(s:names, l:name) >= 0
    \   || l:name is? 'SKILL.md'
    \   || (len(l:parts) == 1 && index(s:top, tolower(l:name)) >= 0)
    \   || l:name =~? s:suffixes
endfunction

function! s:Above(folder, marker) abort
    let l:folder = a:folder

    while 1
        if isdirectory(l:folder . '/' . a:marker) || filereadable(l:folder . '/' . a:marker)
            return l:folder
        endif

        let l:parent = fnamemodify(l:folder, ':h')

        if l:parent is# l:folder
            return ''
        endif

        let l:folder = l:parent
    endwhile
endfunction

" The project that a file belongs to: the folder that holds `.driven`, else the one with `.git`; '' when there is none.
function! driven#Root(path) abort
    let l:folder = isdirectory(a:path) ? a:path : fnamemodify(a:path, ':h')
    let l:root = s:Above(l:folder, '.driven')

    return empty(l:root) ? s:Above(l:folder, '.git') : l:root
endfunction

" The project of a buffer when the buffer holds one of its rule files; else ''.
function! driven#RootOfRuleFile(buffer) abort
    let l:path = fnamemodify(bufname(a:buffer), ':p')

    if empty(bufname(a:buffer)) || !empty(getbufvar(a:buffer, '&buftype')) || l:path =~# '^\a[a-zA-Z0-9+.-]\+://'
        return ''
    endif

    let l:path = substitute(l:path, '\\', '/', 'g')
    let l:root = driven#Root(l:path)

    return !empty(l:root) && driven#IsRuleFile(l:path[len(l:root) + 1 :]) ? l:root : ''
endfunction

" The id that a name makes, as the server makes it of a file's name: `API/Écrire tests` is `api/ecrire-tests`; '' when
" nothing of a part of it can be one.
function! driven#RuleId(name) abort
    let l:name = substitute(substitute(a:name, '^\_s\+\|\_s\+$', '', 'g'), '\.md$', '', '')
    let l:letters = split(substitute(l:name, '^/\+\|/\+$', '', 'g'), '\zs')
    let l:name = tolower(join(map(l:letters, 'nr2char(char2nr(v:val))'), '')) " without accents that stand alone

    for l:letter in split('abcdefghijklmnopqrstuvwxyz', '\zs')
        let l:name = substitute(l:name, '[[=' . l:letter . '=]]', l:letter, 'g')
    endfor

    let l:parts = map(split(l:name, '/', 1), 'join(split(v:val, ''[^a-z0-9]\+''), ''-'')')

    return index(l:parts, '') < 0 ? join(l:parts, '/') : ''
endfunction
