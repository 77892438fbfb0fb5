" ALE looks here for linters of toml files. What driven is, stands in autoload/driven/ale.vim.
call driven#ale#Define('toml')
