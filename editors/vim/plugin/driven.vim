" What is there before anything of driven is loaded: the command `:Driven`, which talks through ALE.
if exists('g:loaded_driven') || !has('job')
    finish
endif
let g:loaded_driven = 1

command! -nargs=+ -complete=custom,driven#ale#Complete Driven call driven#ale#Run(<f-args>)

augroup driven
  autocmd!
  autocmd User ALELSPStarted call driven#ale#Started()
augroup END
