-- What the server says of each project (`driven/status`), and the text that a statusline shows of it.
local M = {}

M.roots = {} -- folder -> the last status of it

local WORDS = {
  clean = function(root)
    return root.rules .. (root.rules == 1 and " rule" or " rules")
  end,
  drift = function(root)
    return root.drift .. " to sync"
  end,
  conflict = function(root)
    return root.conflicts .. (root.conflicts == 1 and " conflict" or " conflicts")
  end,
  held = function(root)
    return root.held .. " held back"
  end,
  looking = function()
    return "looking"
  end,
  error = function()
    return "error"
  end,
  untrusted = function()
    return "not trusted"
  end,
}

--- The status of the project that a buffer's file stands in, or nil.
function M.of(buffer)
  buffer = (buffer == nil or buffer == 0) and vim.api.nvim_get_current_buf() or buffer
  local path = vim.api.nvim_buf_get_name(buffer)
  path = path == "" and vim.loop.cwd() or path
  local best
  for folder, root in pairs(M.roots) do
    if (path == folder or path:sub(1, #folder + 1) == folder .. "/") and (not best or #folder > #best) then
      best = folder
    end
  end
  return M.roots[best]
end

function M.text(buffer)
  local root = M.of(buffer)
  local word = root and WORDS[root.state]
  return word and ("driven: " .. word(root):gsub("%%", "%%%%")) or ""
end

--- The handler of the notification. An editor's file that the server wrote is read anew where it is open.
function M.receive(result)
  for _, root in ipairs(result.roots or {}) do
    M.roots[vim.uri_to_fname(root.uri):gsub("(.)/$", "%1")] = root
  end
  M.reload()
  vim.cmd("redrawstatus!")
  vim.cmd("silent doautocmd <nomodeline> User DrivenStatus")
end

--- Read what changed on the disk into the buffers that nobody is editing.
function M.reload()
  for _, client in ipairs(require("driven.client").clients()) do
    for buffer in pairs(require("driven.client").buffers(client)) do
      if not vim.bo[buffer].modified then
        vim.cmd("silent! checktime " .. buffer)
      end
    end
  end
end

return M
