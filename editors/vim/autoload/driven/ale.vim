" driven as a linter of ALE that speaks LSP, and what ALE leaves open: `:Driven`, and completion of what is no plain word.

let g:ale_markdown_driven_executable = get(g:, 'ale_markdown_driven_executable', 'driven')
let g:ale_markdown_driven_options = get(g:, 'ale_markdown_driven_options', {})
let s:told = 0

" The same server for each type of file: its settings are those of markdown.
function! driven#ale#Define(filetype) abort
    call ale#linter#Define(a:filetype, {
    \   'name': 'driven',
    \   'lsp': 'stdio',
    \   'executable': function('driven#ale#Executable'),
    \   'command': '%e lsp',
    \   'language': a:filetype,
    \   'project_root': function('driven#RootOfRuleFile'),
    \   'initialization_options': function('driven#ale#Options'),
    \   'completion_filter': function('driven#ale#Completion'),
    \})
endfunction

function! driven#ale#Executable(buffer) abort
    let l:executable = ale#Var(a:buffer, 'markdown_driven_executable')

    " ALE says nothing about an executable that is missing; once is enough.
    if !executable(l:executable) && !s:told
        let s:told = 1
        call driven#ale#Say(
        \   printf('the server `%s` was not found. Install it (`pip install .` in the clone of driven), or say where it is: ', l:executable)
        \   . 'let g:ale_markdown_driven_executable = ''/path/to/driven''',
        \   'WarningMsg',
        \)
    endif

    return l:executable
endfunction

" A buffer of ours has its server: <C-x><C-o> asks it. Vim's file type plugin for Markdown takes that for HTML tags.
function! driven#ale#Started() abort
    if index(['', 'htmlcomplete#CompleteTags'], &l:omnifunc) >= 0 && !empty(driven#RootOfRuleFile(bufnr('')))
        setlocal omnifunc=ale#completion#OmniFunc
    endif
endfunction

" ALE counts columns in bytes, and shows a finding on one line; it says neither, so the server is told.
function! driven#ale#Options(buffer) abort
    return {
    \   'positionEncoding': 'utf-8',
    \   'oneLine': v:true,
    \   'settings': ale#Var(a:buffer, 'markdown_driven_options'),
    \}
endfunction

" ALE ignores the range that a completion replaces. It replaces the letters before the cursor, and offers only what begins
" with them; so what stands before these letters (`src/` of `src/api`) is taken off each item.
function! driven#ale#Completion(buffer, item) abort
    let l:edit = get(a:item, 'textEdit', v:null)
    let l:info = getbufvar(a:buffer, 'ale_completion_info', {})

    if type(l:edit) isnot v:t_dict || empty(l:info)
        return 1
    endif

    let l:range = get(l:edit, 'range', get(l:edit, 'insert', {}))
    let l:from = get(get(l:range, 'start', {}), 'character', -1)
    let l:letters = matchstr(getline(l:info.line)[: l:info.column - 2], '\v[a-zA-Z$_][a-zA-Z$_0-9]*$')
    let l:begin = l:info.column - 1 - len(l:letters)
    let l:head = l:from >= 0 && l:from < l:begin ? getline(l:info.line)[l:from : l:begin - 1] : ''

    if !empty(l:head)
        if l:edit.newText[: len(l:head) - 1] isnot# l:head
            return 0
        endif

        let l:edit.newText = l:edit.newText[len(l:head) :]
    endif

    return 1
endfunction

function! driven#ale#Say(message, ...) abort
    execute 'echohl ' . get(a:000, 0, 'None')
    echomsg 'driven: ' . a:message
    echohl None
endfunction

function! s:Uri(path) abort
    return ale#util#ToURI(fnamemodify(a:path, ':p'))
endfunction

function! s:Execute(command, argument, Done) abort
    call s:Request('workspace/executeCommand', {'command': a:command, 'arguments': [a:argument]}, a:Done)
endfunction

" The buffer that a command is about: this one, or the one that an explanation was asked for in.
function! s:Buffer() abort
    let l:from = get(b:, 'driven_from', 0)

    return l:from && bufexists(l:from) ? l:from : bufnr('')
endfunction

function! s:Request(method, params, Done) abort
    let l:buffer = s:Buffer()

    if empty(driven#RootOfRuleFile(l:buffer))
        call driven#ale#Say('open a rule file of the project first, as .driven/rules/<name>.md or AGENTS.md', 'WarningMsg')

        return
    endif

    call ale#lsp_linter#SendRequest(
    \   l:buffer,
    \   'driven',
    \   [0, a:method, a:params],
    \   function('s:Answer', [a:Done]),
    \)
endfunction

function! s:Answer(Done, response) abort
    if has_key(a:response, 'error')
        call driven#ale#Say(a:response.error.message, 'ErrorMsg')
    else
        call a:Done(a:response.result)
    endif
endfunction

function! s:Synced(result) abort
    let l:rest = map(copy(get(a:result, 'conflicts', [])), '''conflict: '' . v:val')
    let l:rest += filter(copy(get(a:result, 'problems', [])), 'v:val isnot# a:result.message')
    checktime
    call driven#ale#Say(join([a:result.message] + l:rest, '; '), empty(l:rest) ? 'None' : 'WarningMsg')
endfunction

function! s:Explained(result) abort
    let l:from = s:Buffer()
    execute 'silent keepalt botright new driven://explain'
    setlocal buftype=nofile bufhidden=wipe noswapfile nobuflisted modifiable
    call setline(1, split(a:result.text, "\n", 1))
    setlocal nomodifiable filetype=text
    let b:driven_from = l:from
    execute 'resize ' . min([line('$'), &lines / 2])
endfunction

function! s:Listed(result) abort
    let l:items = map(copy(get(a:result, 'files', [])), '{''filename'': ale#util#ToResource(v:val.uri), '
    \   . '''text'': get(v:val, ''title'', v:val.path)}')
    \   + map(copy(get(a:result, 'rules', [])), '{''filename'': ale#util#ToResource(v:val.uri), '
    \   . '''lnum'': get(v:val, ''line'', 0) + 1, ''text'': v:val.id}')

    if empty(l:items)
        let l:nothing = 'there is nothing to open; `:Driven sync` writes the editors'' files'
        call driven#ale#Say(get(a:result, 'message', l:nothing), 'WarningMsg')
    elseif len(l:items) == 1
        execute 'edit ' . fnameescape(fnamemodify(l:items[0].filename, ':~:.'))
        call cursor(get(l:items[0], 'lnum', 1), 1)
    else
        call setqflist([], ' ', {'title': 'driven', 'items': l:items})
        copen
    endif
endfunction

function! s:Informed(result) abort
    echo 'driven: ' . join(map(items(a:result), 'v:val[0] . ''='' . json_encode(v:val[1])'), "\n        ")
endfunction

" ALE renames no files, so its :ALERename cannot rename a rule: the rule of this buffer gets another id here.
function! s:Rename(name) abort
    let l:id = driven#RuleId(a:name)
    let l:old = fnamemodify(bufname(s:Buffer()), ':p')
    let l:rules = driven#Root(l:old) . '/.driven/rules/'
    let l:new = l:rules . l:id . '.md'

    if stridx(l:old, l:rules) != 0
        call driven#ale#Say('this is no rule; `:Driven rule` opens the one that this file came from', 'WarningMsg')
    elseif empty(l:id)
        call driven#ale#Say('`' . a:name . '` cannot be the id of a rule; an id is letters, digits, `-` and `/`', 'WarningMsg')
    elseif filereadable(l:new)
        call driven#ale#Say('there is a rule `' . l:id . '`; choose another id', 'WarningMsg')
    else
        silent update
        let l:files = [{'oldUri': s:Uri(l:old), 'newUri': s:Uri(l:new)}]
        call s:Request('workspace/willRenameFiles', {'files': l:files}, function('s:Renamed', [l:old, l:new]))
    endif
endfunction

function! s:Renamed(old, new, edit) abort
    let l:changes = ale#code_action#BuildChangesList(ale#code_action#GetChanges(a:edit))
    call ale#code_action#HandleCodeAction({'description': 'rename', 'changes': l:changes}, {'should_save': 1})
    call mkdir(fnamemodify(a:new, ':h'), 'p')

    if rename(a:old, a:new)
        call driven#ale#Say('could not rename ' . a:old, 'ErrorMsg')

        return
    endif

    let l:buffer = bufnr('^' . a:old . '$')
    execute 'silent edit ' . fnameescape(fnamemodify(a:new, ':~:.'))
    execute 'silent! bwipeout! ' . l:buffer
    call ale#lsp_linter#SendRequest(
    \   bufnr(''),
    \   'driven',
    \   [1, 'workspace/didRenameFiles', {'files': [{'oldUri': s:Uri(a:old), 'newUri': s:Uri(a:new)}]}],
    \)
    call s:Execute('driven.sync', {'uri': s:Uri(a:new)}, function('s:Synced'))
endfunction

let s:words = {
\   'sync': ['driven.sync', function('s:Synced')],
\   'adopt': ['driven.adopt', function('s:Synced')],
\   'resolve': ['driven.resolveConflict', function('s:Synced')],
\   'explain': ['driven.explain', function('s:Explained')],
\   'emitted': ['driven.openEmitted', function('s:Listed')],
\   'matches': ['driven.matches', function('s:Listed')],
\   'rule': ['driven.openRule', function('s:Listed')],
\   'info': ['driven.debugInfo', function('s:Informed')],
\}

function! s:Known() abort
    return sort(keys(s:words) + ['rename'])
endfunction

" :Driven WORD [ARGUMENT]
function! driven#ale#Run(word, ...) abort
    if a:word is# 'rename' && a:0
        call s:Rename(join(a:000))

        return
    endif

    if !has_key(s:words, a:word)
        call driven#ale#Say('no command `' . a:word . '`; there are: ' . join(s:Known(), ', '), 'ErrorMsg')

        return
    endif

    let [l:command, l:Done] = s:words[a:word]
    let l:argument = {'uri': s:Uri(a:word is# 'explain' && a:0 ? a:1 : bufname(s:Buffer()))}

    if a:word is# 'resolve'
        let l:argument.take = get(a:000, 0, 'rule')
    elseif a:word is# 'emitted' && a:0
        let l:argument.editor = a:1
    endif

    call s:Execute(l:command, l:argument, l:Done)
endfunction

function! driven#ale#Complete(lead, line, position) abort
    let l:words = split(a:line[: a:position - 1], '\s\+', 1)

    if len(l:words) <= 2
        return join(s:Known(), "\n")
    endif

    return l:words[1] is# 'resolve' ? "rule\nedited" : l:words[1] is# 'explain' ? join(glob(a:lead . '*', 0, 1), "\n") : ''
endfunction
