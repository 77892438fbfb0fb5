" A person at work in a real Vim with ALE. A timer does one step after the other and waits for what each must bring; the
" editor's own loop runs in between. $DRIVEN_PLAN names a JSON file: {"result", "root", "emitted", "typed", "patience", "part"}.
let s:plan = json_decode(join(readfile($DRIVEN_PLAN), "\n"))
let s:seen = {}
let s:steps = []
let s:current = {}

function! s:Rule(name) abort
    return s:plan.root . '/.driven/rules/' . a:name . '.md'
endfunction

function! s:Text(path) abort
    return filereadable(a:path) ? join(readfile(a:path), "\n") : ''
endfunction

function! s:Open(path) abort
    execute 'edit ' . fnameescape(a:path)
endfunction

function! s:Found(code) abort
    return filter(deepcopy(get(get(g:ale_buffer_info, bufnr(''), {}), 'loclist', [])), 'get(v:val, "code", "") is# a:code')
endfunction

function! s:Under(entry) abort
    return strpart(getline(a:entry.lnum), a:entry.col - 1, a:entry.end_col - a:entry.col + 1)
endfunction

function! s:Go(pattern) abort
    call cursor(1, 1)

    if !search(a:pattern, 'cW')
        throw a:pattern . ' is not in ' . join(getline(1, '$'), "\n")
    endif
endfunction

function! s:Preview() abort
    for l:window in getwininfo()
        if getbufvar(l:window.bufnr, '&filetype') =~# '^ale-preview' || bufname(l:window.bufnr) =~# '^driven://'
            return join(getbufline(l:window.bufnr, 1, '$'), "\n")
        endif
    endfor

    return ''
endfunction

function! s:Save() abort
    call writefile([json_encode({'seen': s:seen, 'messages': execute('messages')})], s:plan.result)
endfunction

" A step: what is done, what then must become true, and what is told of it.
function! s:Step(name, Act, Until, ...) abort
    call add(s:steps, {'name': a:name, 'Act': a:Act, 'Until': a:Until, 'Tell': get(a:000, 0, {-> v:true})})
endfunction

function! s:Error(text) abort
    let s:seen[s:current.name] = {'error': a:text . "\nmode " . mode(1) . ', messages: ' . execute('messages')}
    let s:current = {}
    call s:Save()
    call feedkeys("\<C-\>\<C-n>", 'n')
endfunction

function! s:Tick(timer) abort
    try
        if empty(s:current)
            if empty(s:steps)
                call s:Save()
                call timer_stop(a:timer)
                qall!
            endif

            let s:current = remove(s:steps, 0)
            let s:current.start = reltime()
            call s:current.Act()
        elseif s:current.Until()
            let s:seen[s:current.name] = {'value': s:current.Tell()}
            let s:current = {}
            call s:Save()
        elseif reltimefloat(reltime(s:current.start)) > s:plan.patience
            call s:Error('waited in vain')
        endif
    catch
        call s:Error(v:exception . ' at ' . v:throwpoint)
    endtry
endfunction

function! s:Told() abort " whether the server has what stands in this buffer
    let l:connections = values(ale#lsp#GetConnections())

    return !empty(l:connections) && get(l:connections[0].open_documents, bufnr('')) == b:changedtick
endfunction

function! s:Do(...) abort
    for l:command in a:000
        execute l:command
    endfor
endfunction

" Answers the question for a number that ALE asks, once; then looks.
function! s:Answered(number, Look) abort
    if mode() is# 'c' && !get(s:current, 'answered')
        let s:current.answered = 1
        call feedkeys(a:number . "\<CR>", 't')
    endif

    return mode() is# 'n' && a:Look()
endfunction

function! s:Words() abort
    return map(copy(complete_info(['items']).items), 'v:val.word')
endfunction

function! s:Session() abort
    call s:Step('diagnostic', {-> s:Open(s:Rule('broken'))}, {-> !empty(s:Found('RUL06'))},
    \   {-> {'text': s:Under(s:Found('RUL06')[0]), 'message': s:Found('RUL06')[0].text, 'count': len(s:Found('RUL06')),
    \        'list': len(getloclist(0)), 'filetype': &filetype}})
    call s:Step('fix', {-> s:Do('call s:Go("prioritty")', 'ALECodeAction')},
    \   {-> s:Answered('1', {-> getline(3) is# 'priority: 10'})})
    " Vim notices a change that did not come from the keyboard with the next key.
    call s:Step('diagnostic goes', {-> feedkeys('l', 't')}, {-> empty(s:Found('RUL06'))})
    call s:Step('diagnostic comes back', {-> s:Do('undo')}, {-> !empty(s:Found('RUL06'))})
    call s:Step('diagnostic goes by hand', {-> s:Do('%s/prioritty/priority/', 'write')}, {-> empty(s:Found('RUL06'))})
    call s:Step('positions', {-> s:Do('call append("$", "- é😀 zero\u200bwidth")', 'call feedkeys("l", "t")')}, {-> !empty(s:Found('GEN07'))},
    \   {-> s:Under(s:Found('GEN07')[0])})
    call s:Step('positions of a fix', {-> s:Do('call cursor(s:Found("GEN07")[0].lnum, s:Found("GEN07")[0].col)', 'ALECodeAction')},
    \   {-> s:Answered('1', {-> getline('$') is# '- é😀 zerowidth'})})
    call s:Step('corrected', {-> s:Do('write')}, {-> empty(s:Found('GEN07'))})
    call s:Step('completion', {-> s:Do('call s:Open(s:Rule("style"))', 'call s:Go("^apply:")', 'call feedkeys("ccapply: \<C-x>\<C-o>", "t")')},
    \   {-> pumvisible() && !empty(s:Words())}, {-> s:Words()})
    call s:Step('completion ends', {-> feedkeys("\<C-e>\<Esc>", 't')}, {-> mode(1) is# 'n'})
    call s:Step('reverted', {-> s:Do('silent edit!')}, {-> s:Told()})
    call s:Step('completion while typing', {-> s:Do('call s:Go("^apply:")', 'call feedkeys("ccapply: al", "t")')},
    \   {-> pumvisible() && !empty(s:Words())}, {-> s:Words()})
    call s:Step('completion is taken', {-> feedkeys("\<C-n>\<C-y>\<Esc>", 't')}, {-> mode(1) is# 'n'}, {-> getline('.')})
    call s:Step('reverted', {-> s:Do('silent edit!')}, {-> s:Told()})
    call s:Step('completion of a glob', {-> s:Do('call s:Open(s:Rule("api"))', 'call s:Go("^paths:")',
    \       'call feedkeys("ccpaths: [\"src/ap\<C-x>\<C-o>", "t")')}, {-> getline('.') =~# 'src/api/'}, {-> getline('.')})
    call s:Step('completion of a glob ends', {-> feedkeys("\<C-y>\<Esc>", 't')}, {-> mode(1) is# 'n'})
    call s:Step('reverted', {-> s:Do('silent edit!')}, {-> s:Told()})
    call s:Step('hover', {-> s:Do('call s:Open(s:Rule("style"))', 'call s:Go("^apply")', 'messages clear', 'ALEHover')},
    \   {-> s:Preview() . execute('messages') =~# 'always'}, {-> s:Preview() . execute('messages')})
    call s:Step('definition', {-> s:Do('silent! only!', 'call s:Open(s:Rule("api"))', 'call s:Go("style.md")', 'ALEGoToDefinition')},
    \   {-> expand('%') =~# 'rules/style.md$'})
    call s:Step('save', {-> s:Do('call s:Open(s:Rule("style"))', 'call append("$", "- Saved by vim é😀.")', 'write')},
    \   {-> empty(filter(copy(s:plan.emitted), 's:Text(s:plan.root . "/" . v:val) !~# "Saved by vim"'))})
    call s:Step(':Driven sync', {-> s:Do('messages clear', 'Driven sync')}, {-> execute('messages') =~# 'driven: '}, {-> execute('messages')})
    call s:Step(':Driven explain', {-> s:Do('Driven explain src/api/users.ts')}, {-> s:Preview() =~# 'style'}, {-> s:Preview()})
    call s:Step(':Driven sync where it is explained', {-> s:Do('messages clear', 'Driven sync')}, {-> execute('messages') =~# 'driven: '},
    \   {-> [bufname(''), execute('messages')]})
    call s:Step('a rule explained', {-> s:Do('silent! only!', 'call s:Open(s:Rule("api"))', 'Driven explain')}, {-> s:Preview() =~# 'Rule api'}, {-> s:Preview()})
    call s:Step(':Driven matches', {-> s:Do('silent! only!', 'call s:Open(s:Rule("api"))', 'Driven matches')}, {-> len(getqflist()) == 2},
    \   {-> map(getqflist(), 'bufname(v:val.bufnr)')})
    call s:Step(':Driven emitted', {-> s:Do('silent! cclose', 'silent! only!', 'call s:Open(s:Rule("api"))', 'Driven emitted')}, {-> len(getqflist()) > 3},
    \   {-> map(getqflist(), 'bufname(v:val.bufnr) . " " . v:val.text')})
    call s:Step(':Driven emitted EDITOR', {-> s:Do('silent! cclose', 'call s:Open(s:Rule("api"))', 'Driven emitted cursor')},
    \   {-> expand('%') =~# 'cursor/rules/api.mdc$'}, {-> &filetype})
    call s:Step(':Driven rule', {-> s:Do('Driven rule')}, {-> expand('%') =~# 'driven/rules/api.md$'})
    call s:Step(':Driven, a word that is none', {-> s:Do('messages clear', 'Driven nonsense')}, {-> 1}, {-> execute('messages')})
    call s:Step(':Driven, completed', {-> 0}, {-> 1},
    \   {-> [getcompletion('Driven ', 'cmdline'), getcompletion('Driven re', 'cmdline'), getcompletion('Driven resolve ', 'cmdline')]})
    call s:Step('a conflict', function('s:MakeConflict'), {-> !empty(s:Found('SYN02'))}, {-> s:Under(s:Found('SYN02')[0])})
    call s:Step(':Driven resolve', {-> s:Do('call s:Open(s:plan.root . "/.windsurf/rules/style.md")', 'Driven resolve rule')},
    \   {-> s:Text(s:plan.root . '/.windsurf/rules/style.md') =~# 'two spaces' && s:Text(s:plan.root . '/.cursor/rules/style.mdc') =~# 'two spaces'})
    call s:Step('no conflict in the file', {-> 0}, {-> empty(s:Found('SYN02')) && join(getline(1, '$')) =~# 'two spaces'})
    call s:Step('no conflict in the rule', {-> s:Open(s:Rule('style'))}, {-> empty(s:Found('SYN02'))})
    call s:Step('rename of a reference', {-> s:Do('call s:Open(s:Rule("api"))', 'silent edit!', 'call s:Go("style.md")',
    \       'call feedkeys(":ALERename\<CR>\<C-u>other-style\<CR>", "t")')},
    \   {-> mode() is# 'n' && join(getline(1, '$')) =~# 'other-style\.md'}, {-> s:Text(s:Rule('style')) =~# '# Style'})
    call s:Step('undone', {-> s:Do('silent! edit!', 'silent! %s/other-style/style/', 'write')}, {-> s:Text(s:Rule('api')) =~# '(style.md)'})
    call s:Step('rename', {-> s:Do('call s:Open(s:Rule("style"))', 'silent edit!', 'Driven rename Code Style')},
    \   {-> s:Text(s:Rule('code-style')) =~# '# Style' && empty(s:Text(s:Rule('style'))) && s:Text(s:Rule('api')) =~# '(code-style.md)'},
    \   {-> expand('%')})
    call s:Step('rename synced', {-> 0}, {-> s:Text(s:plan.root . '/.cursor/rules/code-style.mdc') =~# '# Style'})
    call s:Step('a file that is no rule', {-> s:Open(s:plan.root . '/README.md')}, {-> 1}, {-> driven#RootOfRuleFile(bufnr(''))})
    call s:Step('connections', {-> 0}, {-> 1}, {-> len(ale#lsp#GetConnections())})
endfunction

function! s:MakeConflict() abort
    call s:Open(s:Rule('style'))
    silent %s/four spaces/two spaces/
    let l:path = s:plan.root . '/.windsurf/rules/style.md'
    call writefile(map(readfile(l:path), 'substitute(v:val, "four spaces", "eight spaces", "")'), l:path)
    silent write
endfunction

function! s:WithoutServer() abort
    call s:Step('told', {-> s:Open(s:Rule('broken'))}, {-> execute('messages') =~# 'not found'}, {-> execute('messages')})
    call s:Step('told once', {-> s:Do('messages clear', 'call s:Open(s:Rule("style"))')}, {-> 1}, {-> execute('messages')})
endfunction

" What the page says to do first, in a project of nothing but `driven init`; the rule is typed as a person does.
function! s:FirstFinding() abort
    call s:Step('the rule is typed', {-> s:Do('call s:Open(s:Rule("tests"))', 'call feedkeys("i" . s:plan.typed . "\<Esc>", "t")')},
    \   {-> mode(1) is# 'n' && join(getline(1, '$'), "\n") is# s:plan.typed})
    call s:Step('a sign', {-> 0}, {-> !empty(s:Found('RUL06')) && !empty(sign_getplaced('%', {'group': '*'})[0].signs)},
    \   {-> sign_getplaced('%', {'group': '*'})[0].signs[0].lnum})
    call s:Step('the line below', {-> s:Do('call s:Go("prioritty")', 'doautocmd CursorMoved')}, {-> s:Below() =~# 'prioritty'}, {-> s:Below()})
    call s:Step('a repair', {-> s:Do('ALECodeAction')}, {-> s:Answered('1', {-> index(getline(1, '$'), 'priority: 10') >= 0})})
    call s:Step('write', {-> s:Do('write')},
    \   {-> empty(filter(copy(s:plan.emitted), 's:Text(s:plan.root . "/" . v:val) !~# "Every fix comes with a test"'))})
    call s:Step(':Driven emitted', {-> s:Do('Driven emitted')}, {-> len(getqflist()) > 3},
    \   {-> map(getqflist(), 'bufname(v:val.bufnr) . " " . v:val.text')})
endfunction

" What stands on the last line of the screen.
function! s:Below() abort
    return join(map(range(1, &columns), 'screenstring(&lines, v:val)'), '')
endfunction

call call(s:plan.part, [])
call timer_start(20, function('s:Tick'), {'repeat': -1})
