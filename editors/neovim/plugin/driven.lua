-- What is there before anything of driven is loaded: the command `:Driven`.
if vim.g.loaded_driven then
  return
end
vim.g.loaded_driven = true

vim.api.nvim_create_user_command("Driven", function(call)
  require("driven.commands").run(call.fargs, call.bang)
end, {
  nargs = "*",
  bang = true,
  desc = "Rules of AI coding agents: sync, explain, pick, compare",
  complete = function(lead, line)
    return require("driven.commands").complete(lead, line)
  end,
})
