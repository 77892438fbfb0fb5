" ALE looks here for linters of markdown files. What driven is, stands in autoload/driven/ale.vim.
call driven#ale#Define('markdown')
