-- What people look at: a window of Markdown, a list to choose from, two sides of a file.
local M = {}

--- Show lines in a window of their own, in the middle; `q` or Escape closes it. `filetype`: what they are, by default
--- Markdown.
function M.float(text, title, filetype)
  local lines = vim.split(text, "\n", { plain = true })
  while #lines > 1 and lines[#lines] == "" do
    lines[#lines] = nil
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].filetype = filetype or "markdown"
  vim.bo[buffer].modifiable = false
  local widest = 40
  for _, line in ipairs(lines) do
    widest = math.max(widest, vim.fn.strdisplaywidth(line))
  end
  local width = math.max(1, math.min(widest + 1, vim.o.columns - 6))
  local height = 0
  for _, line in ipairs(lines) do
    height = height + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / width))
  end
  height = math.max(1, math.min(height, vim.o.lines - 6))
  local window = vim.api.nvim_open_win(buffer, true, {
    relative = "editor",
    row = math.floor((vim.o.lines - height) / 2) - 1,
    col = math.floor((vim.o.columns - width) / 2),
    width = width,
    height = height,
    style = "minimal",
    border = "rounded",
  })
  vim.wo[window].wrap = true
  vim.wo[window].conceallevel = 2
  vim.b[buffer].driven_title = title
  for _, key in ipairs({ "q", "<Esc>" }) do
    vim.api.nvim_buf_set_keymap(buffer, "n", key, "<Cmd>close<CR>", { noremap = true, silent = true, nowait = true })
  end
  return window
end

--- Open the file of a URI, at a line that counts from 0.
function M.open(uri, line)
  vim.cmd("edit " .. vim.fn.fnameescape(vim.fn.fnamemodify(vim.uri_to_fname(uri), ":~:.")))
  if line then
    pcall(vim.api.nvim_win_set_cursor, 0, { line + 1, 0 })
  end
end

--- Let people choose one of `items` (`show(item)` is its line) and call `take(item)`. A single one is taken at once.
function M.pick(items, prompt, show, take, empty)
  if #items == 0 then
    return require("driven.client").say(empty)
  end
  if #items == 1 then
    return take(items[1])
  end
  vim.ui.select(items, { prompt = prompt, format_item = show, kind = "driven" }, function(item)
    if item then
      take(item)
    end
  end)
end

local function side(text, name, uri, path)
  local buffer = vim.api.nvim_create_buf(false, true)
  local lines = vim.split(text, "\n", { plain = true })
  if lines[#lines] == "" then
    lines[#lines] = nil
  end
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  pcall(vim.api.nvim_buf_set_name, buffer, ("driven://%s/%s#%d"):format(name, path, buffer))
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].filetype = "markdown"
  vim.bo[buffer].modifiable = false
  vim.b[buffer].driven_uri = uri
  return buffer
end

--- Both sides of an emitted file, in a tab of its own: on the left the rule's, on the right the edited file's.
function M.compare(sides, uri)
  vim.cmd("tabnew")
  M.open(uri)
  vim.wo.statusline = " the edited file's side   (:Driven resolve edited takes it)"
  local file = vim.api.nvim_get_current_win()
  vim.cmd("leftabove vsplit")
  vim.api.nvim_win_set_buf(0, side(sides.rule, "rule", uri, sides.path))
  vim.wo.statusline = " the rule's side   (:Driven resolve rule takes it)"
  vim.cmd("diffthis")
  vim.api.nvim_set_current_win(file)
  vim.cmd("diffthis")
end

return M
