" Rule files that neither Vim nor Neovim has a file type for. Cursor's .mdc is front matter and Markdown, so `markdown`:
" that has highlighting, folding and a tree-sitter grammar everywhere; a type `mdc` has none. The server decides by path.
autocmd BufNewFile,BufRead *.mdc setfiletype markdown
autocmd BufNewFile,BufRead .cursorrules,.windsurfrules,.clinerules,.roorules,.goosehints setfiletype markdown
