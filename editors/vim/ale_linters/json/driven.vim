" ALE looks here for linters of json files. What driven is, stands in autoload/driven/ale.vim.
call driven#ale#Define('json')
