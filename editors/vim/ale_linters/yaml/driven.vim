" ALE looks here for linters of yaml files. What driven is, stands in autoload/driven/ale.vim.
call driven#ale#Define('yaml')
